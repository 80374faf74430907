//! Making servers.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::rc::Rc;

use socket2::{Domain, Socket, Type};

use super::error::ListenError;
use super::listener::{Bound, Listener};
use super::options::ServerOptions;
use super::resolve;
use super::server::Server;
use super::serving::Serving;
use super::socket::ListeningSocket;
use super::target::{BindKind, BindTarget};
use crate::backend::Network;
use crate::engine::Engine;
use crate::event_loop::{LoopClosed, ProtocolFactory};
use crate::transport::Address;

pub(crate) async fn create_server(
    engine: &Rc<Engine>,
    factory: ProtocolFactory,
    target: BindTarget,
    options: ServerOptions,
) -> Result<Rc<dyn Server>, ListenError> {
    if engine.is_closed() {
        return Err(LoopClosed.into());
    }
    let acceptor = options.ssl.server()?;
    let bound = match target.0 {
        BindKind::Hosts(hosts, port) => {
            let addresses = addresses(engine, &hosts, port).await?;
            bind_all(engine, &hosts.join(", "), &addresses, &options)?
        }
        BindKind::Address(address) => {
            bind_all(engine, &address.ip().to_string(), &[address], &options)?
        }
        BindKind::Unix(path) => vec![bind_path(engine, &path, &options)?],
        BindKind::Socket(socket) => vec![take_over(socket, &options)?],
    };
    let server = Serving::new(engine, factory, acceptor);
    for bound in bound {
        let (backlog, keep_alive) = (options.backlog, options.keep_alive);
        server.add(Listener::new(engine, &server, bound, backlog, keep_alive));
    }
    if options.start_serving {
        if let Err(error) = server.start_serving() {
            server.close();
            return Err(ListenError::Socket(error));
        }
    }
    Ok(server)
}

/// The addresses of all hosts, each once; an empty host is every interface
/// (line E26).
async fn addresses(
    engine: &Engine,
    hosts: &[String],
    port: u16,
) -> Result<Vec<SocketAddr>, ListenError> {
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for host in hosts {
        let found = if host.is_empty() {
            vec![
                SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)),
                SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)),
            ]
        } else {
            resolve::resolve(engine, host, port)
                .await
                .map_err(|source| ListenError::Resolve {
                    host: host.clone(),
                    source,
                })?
        };
        for address in found {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }
    Ok(addresses)
}

/// Binds every address that this machine has; none is an error (line E26).
fn bind_all(
    engine: &Engine,
    host: &str,
    addresses: &[SocketAddr],
    options: &ServerOptions,
) -> Result<Vec<Bound>, ListenError> {
    let mut bound = Vec::new();
    for &address in addresses {
        match engine.network() {
            Some(network) => bound.extend(bind_on(&**network, address.into(), options)?),
            None => bound.extend(bind_inet(address, options)?),
        }
    }
    if bound.is_empty() {
        return Err(ListenError::NoAddress {
            host: host.to_owned(),
        });
    }
    Ok(bound)
}

/// Takes an address on the backend's own network; none if this machine does not
/// have it.
fn bind_on(
    network: &dyn Network,
    address: Address,
    options: &ServerOptions,
) -> Result<Option<Bound>, ListenError> {
    if options.reuse_port {
        return Err(NO_REUSE_PORT);
    }
    match network.bind(&address) {
        Ok(listener) => Ok(Some(Bound {
            address: listener.sockname(),
            socket: ListeningSocket::Network(listener),
            #[cfg(unix)]
            path: None,
        })),
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => Ok(None),
        Err(source) => Err(ListenError::Bind { address, source }),
    }
}

/// Binds a socket to an address; none if this machine does not have it.
fn bind_inet(address: SocketAddr, options: &ServerOptions) -> Result<Option<Bound>, ListenError> {
    let socket = match Socket::new(Domain::for_address(address), Type::STREAM, None) {
        Ok(socket) => socket,
        Err(error) if lacks_family(&error) => return Ok(None),
        Err(error) => return Err(ListenError::Socket(error)),
    };
    prepare(&socket, address, options)?;
    match socket.bind(&address.into()) {
        Ok(()) => bound_to(socket).map(Some),
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => Ok(None),
        Err(source) => Err(ListenError::Bind {
            address: address.into(),
            source,
        }),
    }
}

/// Whether an error says that the system lacks an address family, which is
/// then passed over. The standard library has no stable kind for it.
fn lacks_family(error: &io::Error) -> bool {
    #[cfg(unix)]
    const MISSING: i32 = rustix::io::Errno::AFNOSUPPORT.raw_os_error();
    #[cfg(not(unix))]
    const MISSING: i32 = 10_047; // WSAEAFNOSUPPORT
    error.raw_os_error() == Some(MISSING)
}

fn prepare(
    socket: &Socket,
    address: SocketAddr,
    options: &ServerOptions,
) -> Result<(), ListenError> {
    socket.set_nonblocking(true).map_err(ListenError::Socket)?;
    if options.reuse_address.unwrap_or(cfg!(unix)) {
        socket
            .set_reuse_address(true)
            .map_err(ListenError::Socket)?;
    }
    if options.reuse_port {
        reuse_port(socket)?;
    }
    if address.is_ipv6() {
        // IPv4 has a socket of its own where it was asked for.
        socket.set_only_v6(true).map_err(ListenError::Socket)?;
    }
    Ok(())
}

#[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
fn reuse_port(socket: &Socket) -> Result<(), ListenError> {
    socket.set_reuse_port(true).map_err(ListenError::Socket)
}

#[cfg(not(all(unix, not(any(target_os = "solaris", target_os = "illumos")))))]
fn reuse_port(_: &Socket) -> Result<(), ListenError> {
    Err(NO_REUSE_PORT)
}

const NO_REUSE_PORT: ListenError = ListenError::Option {
    option: "reuse_port",
};

/// A socket that is bound, with the address that it really has.
fn bound_to(socket: Socket) -> Result<Bound, ListenError> {
    let name = socket.local_addr().map_err(ListenError::Socket)?;
    let address = Address::from_sock_addr(&name).ok_or(ListenError::NotStream)?;
    Ok(Bound {
        socket: ListeningSocket::System(socket),
        address,
        #[cfg(unix)]
        path: None,
    })
}

/// Takes a socket over that was bound elsewhere.
fn take_over(socket: Socket, options: &ServerOptions) -> Result<Bound, ListenError> {
    if socket.r#type().map_err(ListenError::Socket)? != Type::STREAM {
        return Err(ListenError::NotStream);
    }
    if options.reuse_port {
        return Err(NO_REUSE_PORT);
    }
    socket.set_nonblocking(true).map_err(ListenError::Socket)?;
    bound_to(socket)
}

/// Takes a path to listen on.
fn bind_path(engine: &Engine, path: &Path, options: &ServerOptions) -> Result<Bound, ListenError> {
    let Some(network) = engine.network() else {
        return bind_unix(path, options);
    };
    bind_on(&**network, Address::Unix(path.into()), options)?.ok_or_else(|| {
        ListenError::NoAddress {
            host: path.display().to_string(),
        }
    })
}

#[cfg(unix)]
fn bind_unix(path: &Path, options: &ServerOptions) -> Result<Bound, ListenError> {
    if options.reuse_port {
        return Err(NO_REUSE_PORT);
    }
    super::unix_path::bind(path, options.cleanup_socket)
}

#[cfg(not(unix))]
fn bind_unix(path: &Path, _: &ServerOptions) -> Result<Bound, ListenError> {
    Err(ListenError::Bind {
        address: Address::Unix(path.into()),
        source: io::ErrorKind::Unsupported.into(),
    })
}
