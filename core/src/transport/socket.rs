//! The options of a connection's socket.

use std::fmt;
use std::io;
use std::rc::Weak;

use socket2::Socket;

/// Lends a socket for as long as the connection has it.
pub(super) trait LendSocket {
    fn lend_socket(&self, lend: &mut dyn FnMut(&Socket));
}

/// The options of a connection's socket, without its input and output
/// (line D58).
///
/// It keeps nothing open: once the connection is lost each call fails with
/// [`NotConnected`](io::ErrorKind::NotConnected).
pub struct TransportSocket(Weak<dyn LendSocket>);

impl TransportSocket {
    pub(super) fn new(owner: Weak<dyn LendSocket>) -> Self {
        Self(owner)
    }

    fn with<R>(&self, mut use_socket: impl FnMut(&Socket) -> io::Result<R>) -> io::Result<R> {
        let mut result = Err(io::ErrorKind::NotConnected.into());
        if let Some(owner) = self.0.upgrade() {
            owner.lend_socket(&mut |socket| result = use_socket(socket));
        }
        result
    }

    /// Whether small segments leave at once (`TCP_NODELAY`); on by default.
    ///
    /// # Errors
    ///
    /// What getsockopt(2) answers, such as for a socket that is not TCP.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.with(Socket::tcp_nodelay)
    }

    /// Sets `TCP_NODELAY`.
    ///
    /// # Errors
    ///
    /// What setsockopt(2) answers, such as for a socket that is not TCP.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.with(|socket| socket.set_tcp_nodelay(nodelay))
    }

    /// Whether the peer is probed while the connection is idle
    /// (`SO_KEEPALIVE`).
    ///
    /// # Errors
    ///
    /// What getsockopt(2) answers.
    pub fn keepalive(&self) -> io::Result<bool> {
        self.with(Socket::keepalive)
    }

    /// Sets `SO_KEEPALIVE`.
    ///
    /// # Errors
    ///
    /// What setsockopt(2) answers.
    pub fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        self.with(|socket| socket.set_keepalive(keepalive))
    }

    /// The size of the kernel's send buffer (`SO_SNDBUF`), in bytes.
    ///
    /// # Errors
    ///
    /// What getsockopt(2) answers.
    pub fn send_buffer_size(&self) -> io::Result<usize> {
        self.with(Socket::send_buffer_size)
    }

    /// Sets `SO_SNDBUF`, in bytes. Linux doubles the number (socket(7)).
    ///
    /// # Errors
    ///
    /// What setsockopt(2) answers.
    pub fn set_send_buffer_size(&self, size: usize) -> io::Result<()> {
        self.with(|socket| socket.set_send_buffer_size(size))
    }

    /// The size of the kernel's receive buffer (`SO_RCVBUF`), in bytes.
    ///
    /// # Errors
    ///
    /// What getsockopt(2) answers.
    pub fn recv_buffer_size(&self) -> io::Result<usize> {
        self.with(Socket::recv_buffer_size)
    }

    /// Sets `SO_RCVBUF`, in bytes. Linux doubles the number (socket(7)).
    ///
    /// # Errors
    ///
    /// What setsockopt(2) answers.
    pub fn set_recv_buffer_size(&self, size: usize) -> io::Result<()> {
        self.with(|socket| socket.set_recv_buffer_size(size))
    }

    /// The number of the descriptor, for messages: see
    /// [`Source::number`](crate::backend::Source::number).
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) once the connection is
    /// lost.
    pub fn number(&self) -> io::Result<u64> {
        use crate::backend::AsSource;
        self.with(|socket| Ok(socket.as_source().number()))
    }

    /// Calls `lend` with the descriptor, for options that are not here and for
    /// asking a loop about it.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) once the connection is
    /// lost.
    pub fn with_source(&self, mut lend: impl FnMut(crate::backend::Source<'_>)) -> io::Result<()> {
        use crate::backend::AsSource;
        self.with(|socket| {
            lend(socket.as_source());
            Ok(())
        })
    }
}

impl fmt::Debug for TransportSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TransportSocket")
            .field(&self.number().ok())
            .finish()
    }
}
