//! Connecting a socket of one's own.

use std::io;
use std::rc::Rc;

use socket2::{Domain, SockAddr, SockRef};

use super::check;
use crate::backend::{Interest, Source};
use crate::engine::Engine;
use crate::net::error::{AttemptError, ConnectError};
use crate::net::target::{ConnectKind, ConnectTarget};
use crate::net::{attempt, resolve};
use crate::transport::Address;

/// Connects to the first address of the socket's own family (line E34).
pub(crate) async fn sock_connect(
    engine: &Rc<Engine>,
    source: Source<'_>,
    target: ConnectTarget,
) -> Result<(), ConnectError> {
    check(engine, source, Interest::WRITE).map_err(ConnectError::Socket)?;
    let socket = SockRef::from(&source);
    let family = family(&socket).map_err(ConnectError::Socket)?;
    let (name, address) = address_of(engine, target, family).await?;
    // Resolving took time.
    check(engine, source, Interest::WRITE).map_err(ConnectError::Socket)?;
    let connected = attempt::connect(engine, &socket, &address).await;
    connected.map_err(|error| {
        ConnectError::Attempts(vec![AttemptError {
            address: name,
            error,
        }])
    })
}

#[cfg(unix)]
fn family(socket: &SockRef<'_>) -> io::Result<Domain> {
    Ok(socket.local_addr()?.domain())
}

/// A socket that is not bound has no name here. But only one for IPv6 has the
/// options of IPv6.
#[cfg(windows)]
fn family(socket: &SockRef<'_>) -> io::Result<Domain> {
    match socket.local_addr() {
        Ok(address) => Ok(address.domain()),
        Err(error) if error.kind() != io::ErrorKind::InvalidInput => Err(error),
        Err(_) if socket.only_v6().is_ok() => Ok(Domain::IPV6),
        Err(_) => Ok(Domain::IPV4),
    }
}

async fn address_of(
    engine: &Rc<Engine>,
    target: ConnectTarget,
    family: Domain,
) -> Result<(Address, SockAddr), ConnectError> {
    match target.0 {
        ConnectKind::Unix(path) => {
            let address = SockAddr::unix(&path).map_err(ConnectError::Socket)?;
            Ok((Address::Unix(path.into()), address))
        }
        ConnectKind::Address(address) => Ok((address.into(), address.into())),
        ConnectKind::Host(host, port) => {
            let found = resolve::resolve(engine, &host, port)
                .await
                .map_err(|source| ConnectError::Resolve {
                    host: host.clone(),
                    source,
                })?;
            let fits = |address: &std::net::SocketAddr| Domain::for_address(*address) == family;
            let address = found.into_iter().find(fits);
            let address = address.ok_or(ConnectError::NoAddress { host })?;
            Ok((address.into(), address.into()))
        }
        ConnectKind::Socket(_) => Err(ConnectError::Socket(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a socket connects to an address, and not to another socket",
        ))),
    }
}
