//! Connections over TLS that end once they are open.

use std::net::SocketAddr;

use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags, EpollTimeout};

use super::new_epoll;
use super::tls::{Buffers, Secure};
use super::tls_listener::TlsListener;
use crate::Fallible;
use crate::stage::Subject;

/// What events say of themselves.
const LISTENER: u64 = 0;
const CONNECTION: u64 = 1;

pub(crate) struct Handshakes {
    on: TlsListener,
    epoll: Epoll,
    /// The one client's: it makes a connection after the other.
    secure: Option<Secure>,
    buffers: Buffers,
}

impl Handshakes {
    pub(crate) fn new() -> Fallible<Self> {
        let on = TlsListener::new()?;
        let epoll = new_epoll()?;
        let event = EpollEvent::new(EpollFlags::EPOLLIN, LISTENER);
        epoll.add(&on.listener, event)?;
        Ok(Self {
            on,
            epoll,
            secure: None,
            buffers: Buffers::new(),
        })
    }

    fn accept_next(&mut self) -> Fallible<()> {
        let secure = self.on.accept()?;
        let event = EpollEvent::new(EpollFlags::EPOLLIN, CONNECTION);
        self.epoll.add(&secure.stream, event)?;
        self.secure = Some(secure);
        Ok(())
    }

    /// Whether the connection has ended.
    fn go_on(&mut self) -> Fallible<bool> {
        let mut secure = self.secure.take().ok_or("nobody is connected")?;
        if secure.receive(&mut self.buffers)? {
            self.secure = Some(secure);
            return Ok(false);
        }
        secure.close(&mut self.buffers.wire)?;
        Ok(true)
    }
}

impl Subject for Handshakes {
    fn address(&self) -> SocketAddr {
        self.on.address
    }

    fn accept(&mut self, _: usize) -> Fallible<()> {
        Ok(())
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let mut served = 0;
        while served < requests {
            let mut event = [EpollEvent::empty()];
            self.epoll.wait(&mut event, EpollTimeout::NONE)?;
            if event[0].data() == LISTENER {
                self.accept_next()?;
            } else if self.go_on()? {
                served += 1;
            }
        }
        Ok(())
    }
}
