//! Messages sent back over TLS by a bare epoll loop.

use std::net::SocketAddr;

use nix::sys::epoll::{Epoll, EpollEvent, EpollTimeout};

use super::secure::{Secure, TlsListener};
use super::{BATCH, new_epoll, readable};
use crate::Fallible;
use crate::subject::Subject;

pub(super) struct TlsEcho<S: Secure> {
    on: TlsListener<S>,
    epoll: Epoll,
    connections: Vec<S>,
    size: usize,
}

impl<S: Secure> TlsEcho<S> {
    pub(super) fn new(size: usize) -> Fallible<Self> {
        Ok(Self {
            on: TlsListener::new()?,
            epoll: new_epoll()?,
            connections: Vec::new(),
            size,
        })
    }
}

impl<S: Secure> Subject for TlsEcho<S> {
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
        let mut missing = requests * self.size as u64;
        let mut events = [EpollEvent::empty(); BATCH];
        while missing > 0 {
            let ready = self.epoll.wait(&mut events, EpollTimeout::NONE)?;
            for event in &events[..ready] {
                let secure = &mut self.connections[event.data() as usize];
                if !secure.receive(&mut self.on.shared)? {
                    return Err("a client has gone".into());
                }
                if !S::received(&self.on.shared).is_empty() {
                    missing -= secure.send_back(&mut self.on.shared)? as u64;
                }
            }
        }
        Ok(())
    }
}
