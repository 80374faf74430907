//! A server as its user holds it.

use std::io;

use async_trait::async_trait;

use crate::transport::Address;

/// A set of listening sockets and the connections that came in by them.
///
/// The loop keeps a server that serves alive; dropping the handle does not
/// close it.
#[async_trait(?Send)]
pub trait Server {
    /// The addresses it listens on; none once it is closed (line E29).
    fn sockets(&self) -> Vec<Address>;

    /// Whether it accepts connections.
    fn is_serving(&self) -> bool;

    /// Begins to accept. Again is without effect (line E28).
    ///
    /// # Errors
    ///
    /// What listen(2) or the backend answers;
    /// [`NotConnected`](io::ErrorKind::NotConnected) once it is closed.
    fn start_serving(&self) -> io::Result<()>;

    /// Accepts until the future is dropped, which closes the server, or until
    /// the server is closed otherwise (line E28).
    ///
    /// # Errors
    ///
    /// As for [`start_serving`](Self::start_serving), and
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if a future of it is
    /// alive.
    async fn serve_forever(&self) -> io::Result<()>;

    /// Stops accepting at once and closes the listening sockets; connections
    /// live on. Again is without effect (line E29).
    fn close(&self);

    /// Waits until the server is closed and its last connection is gone
    /// (line E30).
    async fn wait_closed(&self);

    /// Closes every connection, after what is queued has left (line E31).
    fn close_clients(&self);

    /// Aborts every connection (line E31).
    fn abort_clients(&self);
}
