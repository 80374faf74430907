//! What to connect to, and what to listen on.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::fd::OwnedFd;
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
#[cfg(windows)]
use std::os::windows::io::OwnedSocket;
use std::path::{Path, PathBuf};

use socket2::Socket;

use super::StreamSocket;
use crate::backend::NetworkStream;

/// A socket that is connected already: a `TcpStream`, a `UnixStream`, an owned
/// descriptor, or one end of a connection over a backend's own network. The loop
/// makes it non-blocking.
#[derive(Debug)]
pub struct ConnectedSocket(pub(crate) StreamSocket);

impl From<TcpStream> for ConnectedSocket {
    fn from(stream: TcpStream) -> Self {
        Self(StreamSocket::System(stream.into()))
    }
}

#[cfg(unix)]
impl From<UnixStream> for ConnectedSocket {
    fn from(stream: UnixStream) -> Self {
        Self(StreamSocket::System(stream.into()))
    }
}

#[cfg(unix)]
impl From<OwnedFd> for ConnectedSocket {
    fn from(fd: OwnedFd) -> Self {
        Self(StreamSocket::System(fd.into()))
    }
}

#[cfg(windows)]
impl From<OwnedSocket> for ConnectedSocket {
    fn from(socket: OwnedSocket) -> Self {
        Self(StreamSocket::System(socket.into()))
    }
}

impl From<Box<dyn NetworkStream>> for ConnectedSocket {
    fn from(stream: Box<dyn NetworkStream>) -> Self {
        Self(StreamSocket::Network(stream))
    }
}

/// The socket, if it is one of the system; without, the backend has a network
/// of its own.
#[cfg(unix)]
impl TryFrom<ConnectedSocket> for OwnedFd {
    type Error = ConnectedSocket;

    fn try_from(socket: ConnectedSocket) -> Result<Self, ConnectedSocket> {
        socket.into_system().map(Self::from)
    }
}

/// The socket, if it is one of the system; without, the backend has a network
/// of its own.
#[cfg(windows)]
impl TryFrom<ConnectedSocket> for OwnedSocket {
    type Error = ConnectedSocket;

    fn try_from(socket: ConnectedSocket) -> Result<Self, ConnectedSocket> {
        socket.into_system().map(Self::from)
    }
}

impl ConnectedSocket {
    fn into_system(self) -> Result<Socket, Self> {
        match self.0 {
            StreamSocket::System(socket) => Ok(socket),
            network @ StreamSocket::Network(_) => Err(Self(network)),
        }
    }
}

/// What to connect to.
///
/// ```
/// use loopline_core::ConnectTarget;
///
/// let by_name = ConnectTarget::from(("localhost", 25));
/// let by_address = ConnectTarget::from("127.0.0.1:25".parse::<std::net::SocketAddr>().unwrap());
/// let by_path = ConnectTarget::unix("/run/service.sock");
/// # let _ = (by_name, by_address, by_path);
/// ```
#[derive(Debug)]
pub struct ConnectTarget(pub(crate) ConnectKind);

#[derive(Debug)]
pub(crate) enum ConnectKind {
    Host(String, u16),
    Address(SocketAddr),
    Unix(PathBuf),
    Socket(StreamSocket),
}

impl ConnectTarget {
    /// A Unix socket at a path; one that begins with a NUL byte is a name in
    /// Linux's abstract namespace (unix(7)).
    pub fn unix(path: impl AsRef<Path>) -> Self {
        Self(ConnectKind::Unix(path.as_ref().to_owned()))
    }
}

impl From<(&str, u16)> for ConnectTarget {
    fn from((host, port): (&str, u16)) -> Self {
        Self(ConnectKind::Host(host.to_owned(), port))
    }
}

impl From<(String, u16)> for ConnectTarget {
    fn from((host, port): (String, u16)) -> Self {
        Self(ConnectKind::Host(host, port))
    }
}

impl From<(IpAddr, u16)> for ConnectTarget {
    fn from(address: (IpAddr, u16)) -> Self {
        Self(ConnectKind::Address(address.into()))
    }
}

impl From<SocketAddr> for ConnectTarget {
    fn from(address: SocketAddr) -> Self {
        Self(ConnectKind::Address(address))
    }
}

impl From<ConnectedSocket> for ConnectTarget {
    fn from(socket: ConnectedSocket) -> Self {
        Self(ConnectKind::Socket(socket.0))
    }
}

impl From<TcpStream> for ConnectTarget {
    fn from(stream: TcpStream) -> Self {
        ConnectedSocket::from(stream).into()
    }
}

#[cfg(unix)]
impl From<UnixStream> for ConnectTarget {
    fn from(stream: UnixStream) -> Self {
        ConnectedSocket::from(stream).into()
    }
}

/// What to listen on.
///
/// ```
/// use loopline_core::BindTarget;
///
/// let loopback = BindTarget::from(("127.0.0.1", 0));
/// let everywhere = BindTarget::any(8080);
/// let both = BindTarget::hosts(["127.0.0.1", "::1"], 8080);
/// let path = BindTarget::unix("/run/service.sock");
/// # let _ = (loopback, everywhere, both, path);
/// ```
#[derive(Debug)]
pub struct BindTarget(pub(crate) BindKind);

#[derive(Debug)]
pub(crate) enum BindKind {
    Hosts(Vec<String>, u16),
    Address(SocketAddr),
    Unix(PathBuf),
    Socket(Socket),
}

impl BindTarget {
    /// Every interface of the machine, over IPv4 and IPv6 (line E26).
    #[must_use]
    pub fn any(port: u16) -> Self {
        Self::hosts([""], port)
    }

    /// Several hosts; an address that occurs twice is bound once (line E26).
    pub fn hosts<H: Into<String>>(hosts: impl IntoIterator<Item = H>, port: u16) -> Self {
        Self(BindKind::Hosts(
            hosts.into_iter().map(Into::into).collect(),
            port,
        ))
    }

    /// A Unix socket at a path; one that begins with a NUL byte is a name in
    /// Linux's abstract namespace (unix(7)).
    pub fn unix(path: impl AsRef<Path>) -> Self {
        Self(BindKind::Unix(path.as_ref().to_owned()))
    }
}

impl From<(&str, u16)> for BindTarget {
    fn from((host, port): (&str, u16)) -> Self {
        Self::hosts([host], port)
    }
}

impl From<(IpAddr, u16)> for BindTarget {
    fn from(address: (IpAddr, u16)) -> Self {
        Self(BindKind::Address(address.into()))
    }
}

impl From<SocketAddr> for BindTarget {
    fn from(address: SocketAddr) -> Self {
        Self(BindKind::Address(address))
    }
}

impl From<TcpListener> for BindTarget {
    fn from(listener: TcpListener) -> Self {
        Self(BindKind::Socket(listener.into()))
    }
}

#[cfg(unix)]
impl From<UnixListener> for BindTarget {
    fn from(listener: UnixListener) -> Self {
        Self(BindKind::Socket(listener.into()))
    }
}

#[cfg(unix)]
impl From<OwnedFd> for BindTarget {
    fn from(fd: OwnedFd) -> Self {
        Self(BindKind::Socket(fd.into()))
    }
}

#[cfg(windows)]
impl From<OwnedSocket> for BindTarget {
    fn from(socket: OwnedSocket) -> Self {
        Self(BindKind::Socket(socket.into()))
    }
}
