//! A network that a backend brings along, in place of the system's.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;

use super::{Interest, Key};
use crate::net::Resolver;
use crate::transport::Address;

/// An attempt to connect over a [`Network`]. Dropping it gives it up.
pub type Connecting = Pin<Box<dyn Future<Output = io::Result<Box<dyn NetworkStream>>>>>;

/// A network of a backend's own: what `create_connection` and
/// `create_server` go over instead of the system's sockets.
///
/// Transports, servers, TLS and file sending are the same code over both; only
/// the calls below differ. A simulation implements this, so that protocols can
/// be tested without a socket.
pub trait Network {
    /// How host names become addresses, until
    /// [`set_resolver`](crate::EventLoop::set_resolver) says otherwise.
    fn resolver(&self) -> Rc<dyn Resolver>;

    /// Begins to connect to an address, from `local` if that is given.
    ///
    /// # Errors
    ///
    /// The future's are those of connect(2), such as
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused).
    fn connect(&self, peer: &Address, local: Option<SocketAddr>) -> Connecting;

    /// Takes an address to listen on. Port 0 is any that is free.
    ///
    /// # Errors
    ///
    /// Those of bind(2): [`AddrInUse`](io::ErrorKind::AddrInUse), and
    /// [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable) for an address
    /// that is not of this machine.
    fn bind(&self, address: &Address) -> io::Result<Box<dyn NetworkListener>>;
}

/// One end of a connection over a [`Network`]. It never blocks; dropping it
/// closes it.
pub trait NetworkStream {
    /// Has every [`wait`](super::Backend::wait) report `key` while the stream
    /// is ready for something of `want`, in place of what was asked for
    /// before. An empty interest ends it, at once.
    fn watch(&self, key: Key, want: Interest);

    /// Takes bytes that have arrived; 0 is the end of the stream.
    ///
    /// # Errors
    ///
    /// Those of recv(2): [`WouldBlock`](io::ErrorKind::WouldBlock) where there
    /// is nothing, [`ConnectionReset`](io::ErrorKind::ConnectionReset).
    fn receive(&self, into: &mut [u8]) -> io::Result<usize>;

    /// Sends as much of the slices as there is room for, in order, and says how
    /// many bytes that was.
    ///
    /// # Errors
    ///
    /// Those of sendmsg(2): [`WouldBlock`](io::ErrorKind::WouldBlock) where
    /// there is no room, [`BrokenPipe`](io::ErrorKind::BrokenPipe),
    /// [`ConnectionReset`](io::ErrorKind::ConnectionReset).
    fn send(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Ends the sending half, behind everything that was sent.
    ///
    /// # Errors
    ///
    /// Those of shutdown(2):
    /// [`NotConnected`](io::ErrorKind::NotConnected) where the connection is
    /// gone.
    fn shutdown_write(&self) -> io::Result<()>;

    /// The address of the peer.
    fn peername(&self) -> Option<Address>;

    /// The address of this end.
    fn sockname(&self) -> Option<Address>;
}

/// An address that was taken on a [`Network`]. Dropping it gives it back, and
/// refuses whoever waits to be accepted.
pub trait NetworkListener {
    /// Begins to take connections, of which so many may wait to be accepted.
    ///
    /// # Errors
    ///
    /// Those of listen(2).
    fn listen(&self, backlog: u32) -> io::Result<()>;

    /// Has every [`wait`](super::Backend::wait) report `key` while a connection
    /// waits to be accepted; see [`NetworkStream::watch`].
    fn watch(&self, key: Key, want: Interest);

    /// Takes the connection that has waited longest.
    ///
    /// # Errors
    ///
    /// Those of accept(2): [`WouldBlock`](io::ErrorKind::WouldBlock) where none
    /// waits.
    fn accept(&self) -> io::Result<Box<dyn NetworkStream>>;

    /// The address that was taken, with its port.
    fn sockname(&self) -> Address;
}

impl fmt::Debug for dyn NetworkStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkStream")
            .field("sockname", &self.sockname())
            .field("peername", &self.peername())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for dyn NetworkListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkListener")
            .field("sockname", &self.sockname())
            .finish_non_exhaustive()
    }
}
