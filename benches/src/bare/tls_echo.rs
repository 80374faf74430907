//! Messages sent back over TLS by a bare epoll loop.

use std::net::SocketAddr;

use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags, EpollTimeout};

use super::new_epoll;
use super::tls::{Buffers, Secure};
use super::tls_listener::TlsListener;
use crate::Fallible;
use crate::stage::Subject;

pub(crate) struct TlsEcho {
    on: TlsListener,
    epoll: Epoll,
    secure: Option<Secure>,
    buffers: Buffers,
    size: usize,
}

impl TlsEcho {
    pub(crate) fn new(size: usize) -> Fallible<Self> {
        Ok(Self {
            on: TlsListener::new()?,
            epoll: new_epoll()?,
            secure: None,
            buffers: Buffers::new(),
            size,
        })
    }
}

impl Subject for TlsEcho {
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
        let mut missing = requests * self.size as u64;
        while missing > 0 {
            self.epoll
                .wait(&mut [EpollEvent::empty()], EpollTimeout::NONE)?;
            if !secure.receive(&mut self.buffers)? {
                return Err("a client has gone".into());
            }
            let Buffers { plain, wire, .. } = &mut self.buffers;
            if !plain.is_empty() {
                secure.send(plain, wire)?;
            }
            missing -= plain.len() as u64;
        }
        Ok(())
    }
}
