//! Where connections over TLS come from.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, poll};
use rustls::ServerConfig;

use super::accept;
use super::tls::{Buffers, Secure};
use crate::stage::listen;
use crate::{Fallible, tls};

pub(super) struct TlsListener {
    pub(super) listener: TcpListener,
    pub(super) address: SocketAddr,
    config: Arc<ServerConfig>,
}

impl TlsListener {
    pub(super) fn new() -> Fallible<Self> {
        let listener = listen()?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            config: tls::server_config()?,
        })
    }

    /// The next connection, whose handshake begins.
    pub(super) fn accept(&self) -> Fallible<Secure> {
        Secure::new(&self.config, accept(&self.listener)?)
    }

    /// The next connection, whose handshake is done.
    pub(super) fn accept_open(&self, buffers: &mut Buffers) -> Fallible<Secure> {
        let mut secure = self.accept()?;
        while secure.is_handshaking() {
            poll(&mut [PollFd::new(&secure.stream, PollFlags::IN)], None)?;
            secure.receive(buffers)?;
        }
        Ok(secure)
    }
}
