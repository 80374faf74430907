//! Sockets that no transport owns: asyncio's `sock_*` calls.

mod connect;
mod direction;

pub(crate) use connect::sock_connect;

use std::io;
use std::rc::Rc;

use socket2::{SockRef, Socket};
use thiserror::Error;

use super::StreamSocket;
use super::accept::accept;
use super::target::ConnectedSocket;
use crate::backend::{Interest, Source};
use crate::engine::Engine;
use crate::transport::{Address, socket_io};
use direction::Direction;

/// Why not everything was sent over a socket, and how much was.
#[derive(Debug, Error)]
#[error("{error} ({sent} bytes were sent)")]
pub struct SendAllError {
    /// What the system, or the loop, has answered.
    #[source]
    pub error: io::Error,
    /// How many bytes the system had taken.
    pub sent: usize,
}

impl From<SendAllError> for io::Error {
    fn from(error: SendAllError) -> Self {
        Self::new(error.error.kind(), error)
    }
}

/// Checks that a socket may be used, and does not block (line C45).
fn check(engine: &Engine, source: Source<'_>, direction: Interest) -> io::Result<()> {
    engine.check_direction(source, direction)?;
    // Windows cannot tell.
    #[cfg(unix)]
    if !SockRef::from(&source).nonblocking()? {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the socket blocks; set it to non-blocking first",
        ));
    }
    Ok(())
}

/// Tries an operation until it no longer says that it would block, and waits
/// in between.
async fn patiently<R>(
    engine: &Rc<Engine>,
    source: Source<'_>,
    direction: Interest,
    mut operation: impl FnMut(&Socket) -> io::Result<R>,
) -> io::Result<R> {
    let socket = SockRef::from(&source);
    let mut waiting = Direction::new(engine, source, direction);
    loop {
        match operation(&socket) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => waiting.ready().await?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

pub(crate) async fn sock_recv_into(
    engine: &Rc<Engine>,
    source: Source<'_>,
    into: &mut [u8],
) -> io::Result<usize> {
    check(engine, source, Interest::READ)?;
    patiently(engine, source, Interest::READ, |socket| {
        socket_io::receive(socket, into)
    })
    .await
}

pub(crate) async fn sock_sendall(
    engine: &Rc<Engine>,
    source: Source<'_>,
    data: &[u8],
) -> Result<(), SendAllError> {
    let mut sent = 0;
    let failed = |error, sent| SendAllError { error, sent };
    check(engine, source, Interest::WRITE).map_err(|error| failed(error, 0))?;
    while sent < data.len() {
        let rest = &data[sent..];
        let count = patiently(engine, source, Interest::WRITE, |socket| {
            socket_io::send(socket, rest)
        })
        .await
        .map_err(|error| failed(error, sent))?;
        sent += count;
    }
    Ok(())
}

pub(crate) async fn sock_accept(
    engine: &Rc<Engine>,
    source: Source<'_>,
) -> io::Result<(ConnectedSocket, Option<Address>)> {
    check(engine, source, Interest::READ)?;
    let (accepted, peername) = patiently(engine, source, Interest::READ, accept).await?;
    Ok((ConnectedSocket(StreamSocket::System(accepted)), peername))
}
