//! Making connections.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;

use super::error::{AttemptError, ConnectError};
use super::options::{AcceptOptions, ConnectOptions};
use super::socket::StreamSocket;
use super::target::{ConnectKind, ConnectTarget, ConnectedSocket};
use super::{attempt, happy_eyeballs, resolve};
use crate::engine::Engine;
use crate::event_loop::{Connection, LoopClosed, ProtocolFactory};
use crate::tls::{self, Placeholder, Terms};
use crate::transport::{Address, Names};

pub(crate) async fn create_connection(
    engine: &Rc<Engine>,
    factory: ProtocolFactory,
    target: ConnectTarget,
    options: ConnectOptions,
) -> Result<Connection, ConnectError> {
    if engine.is_closed() {
        return Err(LoopClosed.into());
    }
    let terms = options.ssl.client(host_of(&target.0).as_deref())?;
    let (socket, peername) = match target.0 {
        ConnectKind::Socket(socket) => {
            let names = take_over(&socket)?;
            return open(engine, factory, socket, names, terms).await;
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
    let names = Names::new(Some(peername), socket.sockname());
    open(engine, factory, socket, names, terms).await
}

/// Whom a client means to talk to, where the target says so (line B9).
fn host_of(target: &ConnectKind) -> Option<Cow<'_, str>> {
    match target {
        ConnectKind::Host(host, _) => Some(Cow::Borrowed(host)),
        ConnectKind::Address(address) => Some(Cow::Owned(address.ip().to_string())),
        ConnectKind::Unix(_) | ConnectKind::Socket(_) => None,
    }
}

pub(crate) async fn connect_accepted_socket(
    engine: &Rc<Engine>,
    factory: ProtocolFactory,
    socket: ConnectedSocket,
    options: AcceptOptions,
) -> Result<Connection, ConnectError> {
    if engine.is_closed() {
        return Err(LoopClosed.into());
    }
    let terms = match options.ssl.server()? {
        Some(acceptor) => Some(acceptor.terms().map_err(ConnectError::Tls)?),
        None => None,
    };
    let socket = socket.0;
    let names = take_over(&socket)?;
    open(engine, factory, socket, names, terms).await
}

/// Checks a socket that was connected elsewhere, and makes it non-blocking.
fn take_over(socket: &StreamSocket) -> Result<Names, ConnectError> {
    if !socket.is_stream().map_err(ConnectError::Socket)? {
        return Err(ConnectError::NotStream);
    }
    let peername = socket.peername().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotConnected => ConnectError::NotConnected,
        _ => ConnectError::Socket(error),
    })?;
    socket.set_nonblocking().map_err(ConnectError::Socket)?;
    Ok(Names::new(peername, socket.sockname()))
}

async fn open(
    engine: &Rc<Engine>,
    mut factory: ProtocolFactory,
    socket: StreamSocket,
    names: Names,
    terms: Option<Terms>,
) -> Result<Connection, ConnectError> {
    socket.disable_nagle(&names);
    let protocol = factory().map_err(ConnectError::Factory)?;
    let Some(terms) = terms else {
        let transport = socket.open(engine, Rc::clone(&protocol), names, None);
        return Ok((transport, protocol));
    };
    let below = socket.open(engine, Placeholder::shared(), names, None);
    let secured = tls::connect(engine, &below, Rc::clone(&protocol), terms).await;
    Ok((secured.map_err(ConnectError::Tls)?, protocol))
}

async fn connect_unix(
    engine: &Rc<Engine>,
    path: &Path,
) -> Result<(StreamSocket, Address), ConnectError> {
    let address = Address::Unix(path.into());
    match attempt::unix(engine, path).await {
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
) -> Result<(StreamSocket, Address), ConnectError> {
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
