//! Connections over TLS that end once they are open.

use std::net::SocketAddr;

use nix::sys::epoll::{Epoll, EpollEvent, EpollTimeout};

use super::secure::{Secure, TlsListener};
use super::{new_epoll, readable};
use crate::Fallible;
use crate::subject::Subject;

/// What events say of themselves.
const LISTENER: usize = 0;
const CONNECTION: usize = 1;

pub(super) struct Handshakes<S: Secure> {
    on: TlsListener<S>,
    epoll: Epoll,
    /// The one client's: it makes a connection after the other.
    secure: Option<S>,
}

impl<S: Secure> Handshakes<S> {
    pub(super) fn new() -> Fallible<Self> {
        let on = TlsListener::new()?;
        let epoll = new_epoll()?;
        epoll.add(&on.listener, readable(LISTENER))?;
        Ok(Self {
            on,
            epoll,
            secure: None,
        })
    }

    fn accept_next(&mut self) -> Fallible<()> {
        let secure = self.on.accept()?;
        self.epoll.add(secure.stream(), readable(CONNECTION))?;
        self.secure = Some(secure);
        Ok(())
    }

    /// Whether the connection has ended.
    fn go_on(&mut self) -> Fallible<bool> {
        let mut secure = self.secure.take().ok_or("nobody is connected")?;
        if secure.receive(&mut self.on.shared)? {
            self.secure = Some(secure);
            return Ok(false);
        }
        secure.close(&mut self.on.shared)?;
        Ok(true)
    }
}

impl<S: Secure> Subject for Handshakes<S> {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.on.address)
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let mut served = 0;
        while served < requests {
            let mut event = [EpollEvent::empty()];
            self.epoll.wait(&mut event, EpollTimeout::NONE)?;
            if event[0].data() == LISTENER as u64 {
                self.accept_next()?;
            } else if self.go_on()? {
                served += 1;
            }
        }
        Ok(())
    }
}
