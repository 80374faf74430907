//! Making connections.

use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;

use socket2::{SockAddr, Socket, Type};

use super::error::{AttemptError, ConnectError};
use super::options::ConnectOptions;
use super::target::{ConnectKind, ConnectTarget, ConnectedSocket};
use super::{attempt, happy_eyeballs, resolve};
use crate::engine::Engine;
use crate::event_loop::{Connection, LoopClosed, ProtocolFactory};
use crate::transport::{Address, Names, Stream};

pub(crate) async fn create_connection(
    engine: &Rc<Engine>,
    factory: ProtocolFactory,
    target: ConnectTarget,
    options: ConnectOptions,
) -> Result<Connection, ConnectError> {
    if engine.is_closed() {
        return Err(LoopClosed.into());
    }
    let (socket, peername) = match target.0 {
        ConnectKind::Socket(socket) => {
            return connect_accepted_socket(engine, factory, ConnectedSocket(socket));
        }
        ConnectKind::Unix(path) => connect_unix(engine, &path).await?,
        ConnectKind::Address(address) => {
            connect_tcp(engine, &address.ip().to_string(), vec![address], &options).await?
        }
        ConnectKind::Host(host, port) => {
            let addresses = resolve::resolve(engine, &host, port)
                .await
                .map_err(|source| ConnectError::Resolve {
                    host: host.clone(),
                    source,
                })?;
            connect_tcp(engine, &host, addresses, &options).await?
        }
    };
    let names = Names {
        peername: Some(peername),
        sockname: local_name(&socket),
    };
    open(engine, factory, socket, names)
}

pub(crate) fn connect_accepted_socket(
    engine: &Rc<Engine>,
    factory: ProtocolFactory,
    socket: ConnectedSocket,
) -> Result<Connection, ConnectError> {
    if engine.is_closed() {
        return Err(LoopClosed.into());
    }
    let socket = socket.0;
    if socket.r#type().map_err(ConnectError::Socket)? != Type::STREAM {
        return Err(ConnectError::NotStream);
    }
    let peer = socket.peer_addr().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotConnected => ConnectError::NotConnected,
        _ => ConnectError::Socket(error),
    })?;
    socket.set_nonblocking(true).map_err(ConnectError::Socket)?;
    let names = Names {
        peername: Address::from_sock_addr(&peer),
        sockname: local_name(&socket),
    };
    open(engine, factory, socket, names)
}

fn open(
    engine: &Rc<Engine>,
    mut factory: ProtocolFactory,
    socket: Socket,
    names: Names,
) -> Result<Connection, ConnectError> {
    disable_nagle(&socket, &names);
    let protocol = factory().map_err(ConnectError::Factory)?;
    let transport = Stream::open(engine, socket, Rc::clone(&protocol), names, None);
    Ok((transport, protocol))
}

/// TCP_NODELAY is on by default (line D59). That a socket does not have it is
/// no reason to refuse the connection.
pub(super) fn disable_nagle(socket: &Socket, names: &Names) {
    if matches!(names.peername, Some(Address::Inet(_))) {
        let _ = socket.set_tcp_nodelay(true);
    }
}

fn local_name(socket: &Socket) -> Option<Address> {
    Address::from_sock_addr(&socket.local_addr().ok()?)
}

async fn connect_unix(engine: &Rc<Engine>, path: &Path) -> Result<(Socket, Address), ConnectError> {
    let address = Address::Unix(path.into());
    let connected = match SockAddr::unix(path) {
        Ok(sock_addr) => attempt::unix(engine, &sock_addr).await,
        Err(error) => Err(error),
    };
    match connected {
        Ok(socket) => Ok((socket, address)),
        Err(error) => Err(ConnectError::Attempts(vec![AttemptError {
            address,
            error,
        }])),
    }
}

async fn connect_tcp(
    engine: &Rc<Engine>,
    host: &str,
    mut addresses: Vec<SocketAddr>,
    options: &ConnectOptions,
) -> Result<(Socket, Address), ConnectError> {
    if let Some(local) = options.local_addr {
        addresses.retain(|address| address.is_ipv4() == local.is_ipv4());
    }
    if addresses.is_empty() {
        return Err(ConnectError::NoAddress {
            host: host.to_owned(),
        });
    }
    let default = usize::from(options.happy_eyeballs_delay.is_some());
    let addresses = happy_eyeballs::interleave(addresses, options.interleave.unwrap_or(default));
    let delay = options.happy_eyeballs_delay;
    happy_eyeballs::first(engine, &addresses, options.local_addr, delay)
        .await
        .map(|(socket, address)| (socket, address.into()))
        .map_err(ConnectError::Attempts)
}
