//! What the bare loops over TLS have in common, whatever the library.

use std::net::{SocketAddr, TcpListener, TcpStream};

use rustix::event::{PollFd, PollFlags, poll};

use super::accept;
use crate::Fallible;
use crate::subject::listen;

/// A connection over TLS on a socket that does not block.
pub(super) trait Secure: Sized + 'static {
    /// What all connections share: the configuration, and buffers that are made
    /// once.
    type Shared;

    fn shared() -> Fallible<Self::Shared>;

    fn new(shared: &Self::Shared, stream: TcpStream) -> Fallible<Self>;

    fn stream(&self) -> &TcpStream;

    fn is_handshaking(&self) -> bool;

    /// Reads once, decrypts what has come, and answers what is for the library
    /// to answer; false once the peer has ended the connection.
    fn receive(&mut self, shared: &mut Self::Shared) -> Fallible<bool>;

    /// What the last call has decrypted.
    fn received(shared: &Self::Shared) -> &[u8];

    /// Encrypts that and sends it; says how much it was.
    fn send_back(&mut self, shared: &mut Self::Shared) -> Fallible<usize>;

    /// Encrypts and sends.
    fn send(&mut self, plain: &[u8], shared: &mut Self::Shared) -> Fallible<()>;

    /// Ends the connection in order.
    fn close(self, shared: &mut Self::Shared) -> Fallible<()>;
}

/// Where connections over TLS come from.
pub(super) struct TlsListener<S: Secure> {
    pub(super) listener: TcpListener,
    pub(super) address: SocketAddr,
    pub(super) shared: S::Shared,
}

impl<S: Secure> TlsListener<S> {
    pub(super) fn new() -> Fallible<Self> {
        let listener = listen()?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            shared: S::shared()?,
        })
    }

    /// The next connection, whose handshake begins.
    pub(super) fn accept(&self) -> Fallible<S> {
        S::new(&self.shared, accept(&self.listener)?)
    }

    /// The next connection, whose handshake is done.
    pub(super) fn accept_open(&mut self) -> Fallible<S> {
        let mut secure = self.accept()?;
        while secure.is_handshaking() {
            poll(&mut [PollFd::new(secure.stream(), PollFlags::IN)], None)?;
            secure.receive(&mut self.shared)?;
        }
        Ok(secure)
    }
}
