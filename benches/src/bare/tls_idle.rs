//! Connections over TLS that only stand, as the library holds them.

use std::net::SocketAddr;

use super::tls::{Buffers, Secure};
use super::tls_listener::TlsListener;
use crate::Fallible;

pub(crate) struct TlsIdle {
    on: TlsListener,
    buffers: Buffers,
}

impl TlsIdle {
    pub(crate) fn new() -> Fallible<Self> {
        Ok(Self {
            on: TlsListener::new()?,
            buffers: Buffers::new(),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.on.address
    }

    /// Takes so many connections, and lets go of them with what it returns.
    pub(crate) fn accept(&mut self, connections: usize) -> Fallible<impl Sized + use<>> {
        let mut standing: Vec<Secure> = Vec::with_capacity(connections);
        for _ in 0..connections {
            standing.push(self.on.accept_open(&mut self.buffers)?);
        }
        Ok(standing)
    }
}
