//! Files over TLS: pread(2), encryption and write(2), a piece at a time.

use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;

use nix::sys::epoll::{Epoll, EpollEvent, EpollTimeout};

use super::secure::{Secure, TlsListener};
use super::{BATCH, new_epoll, readable};
use crate::Fallible;
use crate::subject::Subject;
use crate::workload::{FILE_REQUEST, file_of, parse_file_request};

/// A piece that a cache of the second level holds twice, as it was read and as
/// it is sent.
const PIECE: usize = 64 << 10;

pub(super) struct TlsFiles<S: Secure> {
    on: TlsListener<S>,
    epoll: Epoll,
    connections: Vec<S>,
    piece: Vec<u8>,
    file: File,
}

impl<S: Secure> TlsFiles<S> {
    pub(super) fn new(size: u64) -> Fallible<Self> {
        Ok(Self {
            on: TlsListener::new()?,
            epoll: new_epoll()?,
            connections: Vec::new(),
            piece: vec![0; PIECE],
            file: file_of(size)?,
        })
    }

    /// Answers one request.
    fn send(&mut self, number: usize, mut offset: u64, length: u64) -> Fallible<()> {
        let secure = &mut self.connections[number];
        let end = offset + length;
        while offset < end {
            let room = usize::try_from(end - offset)?.min(PIECE);
            let count = self.file.read_at(&mut self.piece[..room], offset)?;
            if count == 0 {
                return Err("the file has shrunk".into());
            }
            secure.send(&self.piece[..count], &mut self.on.shared)?;
            offset += count as u64;
        }
        Ok(())
    }
}

impl<S: Secure> Subject for TlsFiles<S> {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.on.address)
    }

    fn accept(&mut self, connections: usize) -> Fallible<()> {
        for _ in 0..connections {
            let secure = self.on.accept_open()?;
            let number = self.connections.len();
            self.epoll.add(secure.stream(), readable(number))?;
            self.connections.push(secure);
        }
        Ok(())
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let mut sent = 0;
        let mut events = [EpollEvent::empty(); BATCH];
        while sent < requests {
            let ready = self.epoll.wait(&mut events, EpollTimeout::NONE)?;
            for event in &events[..ready] {
                let number = event.data() as usize;
                if !self.connections[number].receive(&mut self.on.shared)? {
                    return Err("a client has gone".into());
                }
                // A client waits for its file before it asks again, and a
                // record is not cut.
                let asked = S::received(&self.on.shared);
                if asked.len() == FILE_REQUEST {
                    let (offset, length) = parse_file_request(asked)?;
                    self.send(number, offset, length)?;
                    sent += 1;
                }
            }
        }
        Ok(())
    }
}
