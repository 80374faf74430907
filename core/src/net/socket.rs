//! Sockets, of the system or of the backend's own network.

use std::io;
use std::rc::Rc;

use socket2::{Socket, Type};

use super::Clients;
use super::accept::accept;
use crate::backend::{AsSource, Interest, Key, NetworkListener, NetworkStream};
use crate::engine::{Change, Engine, Watched};
use crate::protocol::SharedProtocol;
use crate::transport::{Address, Names, Stream, Transport};

/// A stream socket that is connected.
#[derive(Debug)]
pub(crate) enum StreamSocket {
    System(Socket),
    Network(Box<dyn NetworkStream>),
}

impl StreamSocket {
    pub(super) fn sockname(&self) -> Option<Address> {
        match self {
            Self::System(socket) => Address::from_sock_addr(&socket.local_addr().ok()?),
            Self::Network(stream) => stream.sockname(),
        }
    }

    /// Whether it is of type `SOCK_STREAM`, as everything on a network of the
    /// backend's own is.
    pub(super) fn is_stream(&self) -> io::Result<bool> {
        match self {
            Self::System(socket) => Ok(socket.r#type()? == Type::STREAM),
            Self::Network(_) => Ok(true),
        }
    }

    /// The address of the peer; none if it has no name.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected).
    pub(super) fn peername(&self) -> io::Result<Option<Address>> {
        match self {
            Self::System(socket) => Ok(Address::from_sock_addr(&socket.peer_addr()?)),
            Self::Network(stream) => Ok(stream.peername()),
        }
    }

    pub(super) fn set_nonblocking(&self) -> io::Result<()> {
        match self {
            Self::System(socket) => socket.set_nonblocking(true),
            Self::Network(_) => Ok(()),
        }
    }

    /// TCP_NODELAY is on by default (line D59). That a socket does not have it
    /// is no reason to refuse the connection.
    pub(super) fn disable_nagle(&self, names: &Names) {
        if let (Self::System(socket), Some(Address::Inet(_))) = (self, names.peername()) {
            let _ = socket.set_tcp_nodelay(true);
        }
    }

    /// SO_KEEPALIVE. A kind of socket without it is served all the same.
    pub(super) fn keep_alive(&self) {
        if let Self::System(socket) = self {
            let _ = socket.set_keepalive(true);
        }
    }

    /// Makes a connection of it.
    pub(super) fn open(
        self,
        engine: &Rc<Engine>,
        protocol: SharedProtocol,
        names: Names,
        server: Option<&Rc<Clients>>,
    ) -> Rc<dyn Transport> {
        match self {
            Self::System(socket) => Stream::open(
                engine,
                crate::transport::Descriptor::from(socket),
                protocol,
                names,
                server,
            ),
            Self::Network(stream) => Stream::open(engine, stream, protocol, names, server),
        }
    }
}

/// A socket that is bound, and may listen.
pub(super) enum ListeningSocket {
    System(Socket),
    Network(Box<dyn NetworkListener>),
}

impl ListeningSocket {
    pub(super) fn listen(&self, backlog: u32) -> io::Result<()> {
        match self {
            Self::System(socket) => socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX)),
            Self::Network(listener) => listener.listen(backlog),
        }
    }

    /// Takes a connection, which does not block, and the name of its peer.
    pub(super) fn accept(&self) -> io::Result<(StreamSocket, Option<Address>)> {
        match self {
            Self::System(socket) => {
                let (accepted, peername) = accept(socket)?;
                Ok((StreamSocket::System(accepted), peername))
            }
            Self::Network(listener) => {
                let accepted = listener.accept()?;
                let peername = accepted.peername();
                Ok((StreamSocket::Network(accepted), peername))
            }
        }
    }

    pub(super) fn adopt(&self, engine: &Engine, owner: Rc<dyn Watched>) -> Key {
        match self {
            Self::System(socket) => engine.adopt(socket.as_source(), owner),
            Self::Network(_) => engine.enlist(owner),
        }
    }

    pub(super) fn arm(&self, engine: &Engine, change: Change) -> io::Result<()> {
        match self {
            Self::System(socket) => engine.change(socket.as_source(), change),
            Self::Network(listener) => {
                listener.watch(change.key, change.want);
                Ok(())
            }
        }
    }

    pub(super) fn disown(&self, engine: &Engine, key: Key) {
        match self {
            Self::System(socket) => engine.disown(socket.as_source(), key),
            Self::Network(listener) => {
                listener.watch(key, Interest::empty());
                engine.delist(key);
            }
        }
    }
}
