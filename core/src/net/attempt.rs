//! One attempt to connect one socket.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};

use super::StreamSocket;
use crate::backend::AsSource;
use crate::engine::{Engine, ReadyFuture};
use crate::transport::Address;

/// A Unix socket whose backlog is full cannot be waited for (connect(2),
/// EAGAIN): the attempt is made again after this, and after twice as long each
/// time up to [`LONGEST_RETRY`].
const FIRST_RETRY: Duration = Duration::from_millis(1);
const LONGEST_RETRY: Duration = Duration::from_millis(100);

/// Connects to an IP address and port.
pub(super) async fn inet(
    engine: &Rc<Engine>,
    address: SocketAddr,
    local: Option<SocketAddr>,
) -> io::Result<StreamSocket> {
    match engine.network() {
        Some(network) => {
            let attempt = network.connect(&address.into(), local);
            attempt.await.map(StreamSocket::Network)
        }
        None => tcp(engine, address, local).await.map(StreamSocket::System),
    }
}

/// Connects to a Unix socket.
pub(super) async fn unix(engine: &Rc<Engine>, path: &Path) -> io::Result<StreamSocket> {
    match engine.network() {
        Some(network) => {
            let attempt = network.connect(&Address::Unix(path.into()), None);
            attempt.await.map(StreamSocket::Network)
        }
        None => {
            let address = SockAddr::unix(path)?;
            unix_stream(engine, &address)
                .await
                .map(StreamSocket::System)
        }
    }
}

async fn tcp(
    engine: &Rc<Engine>,
    address: SocketAddr,
    local: Option<SocketAddr>,
) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    if let Some(local) = local {
        socket.bind(&local.into())?;
    }
    connect(engine, &socket, &address.into()).await?;
    Ok(socket)
}

async fn unix_stream(engine: &Rc<Engine>, address: &SockAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    connect(engine, &socket, address).await?;
    Ok(socket)
}

/// Connects a socket that does not block.
pub(super) async fn connect(
    engine: &Rc<Engine>,
    socket: &Socket,
    address: &SockAddr,
) -> io::Result<()> {
    let mut pause = FIRST_RETRY;
    loop {
        match socket.connect(address) {
            Err(error) if is_in_progress(&error) => return established(engine, socket).await,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                engine.sleep(pause).await;
                pause = (pause * 2).min(LONGEST_RETRY);
            }
            result => return result,
        }
    }
}

/// Waits for the end of an attempt, and asks how it went (connect(2)).
async fn established(engine: &Rc<Engine>, socket: &Socket) -> io::Result<()> {
    ReadyFuture::new(engine, socket.as_source())
        .writable()
        .await?;
    match socket.take_error()? {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// Whether connect goes on in the background. The standard library has no
/// stable kind for EINPROGRESS.
fn is_in_progress(error: &io::Error) -> bool {
    #[cfg(unix)]
    return error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error());
    #[cfg(not(unix))]
    return error.kind() == io::ErrorKind::WouldBlock;
}
