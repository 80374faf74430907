//! Connections that only stand.

use std::net::{SocketAddr, TcpListener, TcpStream};

use nix::sys::epoll::Epoll;

use super::secure::{Secure, TlsListener};
use super::{accept, new_epoll, readable};
use crate::Fallible;
use crate::subject::{Subject, listen};

pub(super) struct Idle {
    listener: TcpListener,
    address: SocketAddr,
    epoll: Epoll,
    standing: Vec<TcpStream>,
}

impl Idle {
    pub(super) fn new() -> Fallible<Self> {
        let listener = listen()?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            epoll: new_epoll()?,
            standing: Vec::new(),
        })
    }
}

impl Subject for Idle {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.address)
    }

    fn serve(&mut self, connections: u64) -> Fallible<()> {
        self.standing.reserve_exact(connections as usize);
        for _ in 0..connections {
            let stream = accept(&self.listener)?;
            self.epoll.add(&stream, readable(self.standing.len()))?;
            self.standing.push(stream);
        }
        Ok(())
    }
}

/// The same over TLS, as the library holds them.
pub(super) struct TlsIdle<S: Secure> {
    on: TlsListener<S>,
    epoll: Epoll,
    standing: Vec<S>,
}

impl<S: Secure> TlsIdle<S> {
    pub(super) fn new() -> Fallible<Self> {
        Ok(Self {
            on: TlsListener::new()?,
            epoll: new_epoll()?,
            standing: Vec::new(),
        })
    }
}

impl<S: Secure> Subject for TlsIdle<S> {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.on.address)
    }

    fn serve(&mut self, connections: u64) -> Fallible<()> {
        self.standing.reserve_exact(connections as usize);
        for _ in 0..connections {
            let secure = self.on.accept_open()?;
            let number = self.standing.len();
            self.epoll.add(secure.stream(), readable(number))?;
            self.standing.push(secure);
        }
        Ok(())
    }
}
