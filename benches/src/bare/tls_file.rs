//! Files over TLS: pread(2), encryption and write(2), a piece at a time.

use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;

use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags, EpollTimeout};

use super::new_epoll;
use super::tls::{Buffers, Secure};
use super::tls_listener::TlsListener;
use crate::Fallible;
use crate::stage::Subject;
use crate::workload::file_of;

/// A piece that a cache of the second level holds twice, as it was read and as
/// it is sent.
const PIECE: usize = 64 << 10;

pub(crate) struct TlsFiles {
    on: TlsListener,
    epoll: Epoll,
    secure: Option<Secure>,
    buffers: Buffers,
    piece: Vec<u8>,
    file: File,
    size: u64,
}

impl TlsFiles {
    pub(crate) fn new(size: u64) -> Fallible<Self> {
        Ok(Self {
            on: TlsListener::new()?,
            epoll: new_epoll()?,
            secure: None,
            buffers: Buffers::new(),
            piece: vec![0; PIECE],
            file: file_of(size)?,
            size,
        })
    }
}

impl Subject for TlsFiles {
    fn address(&self) -> SocketAddr {
        self.on.address
    }

    fn accept(&mut self, _: usize) -> Fallible<()> {
        let secure = self.on.accept_open(&mut self.buffers)?;
        self.epoll
            .add(&secure.stream, EpollEvent::new(EpollFlags::EPOLLIN, 0))?;
        self.secure = Some(secure);
        Ok(())
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let secure = self.secure.as_mut().ok_or("nobody is connected")?;
        let mut sent = 0;
        while sent < requests {
            self.epoll
                .wait(&mut [EpollEvent::empty()], EpollTimeout::NONE)?;
            if !secure.receive(&mut self.buffers)? {
                return Err("a client has gone".into());
            }
            for _ in 0..self.buffers.plain.len() {
                let mut offset = 0;
                while offset < self.size {
                    let count = self.file.read_at(&mut self.piece, offset)?;
                    if count == 0 {
                        return Err("the file has shrunk".into());
                    }
                    secure.send(&self.piece[..count], &mut self.buffers.wire)?;
                    offset += count as u64;
                }
                sent += 1;
            }
        }
        Ok(())
    }
}
