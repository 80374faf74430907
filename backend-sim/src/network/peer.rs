//! The other end of a connection, without protocol and transport.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::task::Poll;

use loopline_core::Address;
use loopline_core::backend::{NetworkListener, NetworkStream, Readiness};

use super::handle::SimConnection;
use super::listener::SimListener;
use super::stream::SimStream;

/// One end of a connection in the hands of a test: bytes as they are, without
/// protocol and transport. Dropping it closes it.
///
/// What waits goes on in the loop that awaits it.
pub struct Peer(SimStream);

impl Peer {
    pub(crate) fn new(stream: SimStream) -> Self {
        Self(stream)
    }

    /// Waits for bytes, and reads some; 0 is the end of the stream.
    ///
    /// # Errors
    ///
    /// Those of [`NetworkStream::receive`], but for `WouldBlock`.
    pub async fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        poll_fn(|context| match self.0.receive(into) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.watch().poll(context, Readiness::READ);
                Poll::Pending
            }
            other => Poll::Ready(other),
        })
        .await
    }

    /// Reads until the buffer is full.
    ///
    /// # Errors
    ///
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) if the stream ends
    /// before; those of [`read`](Self::read).
    pub async fn read_exact(&self, into: &mut [u8]) -> io::Result<()> {
        let mut filled = 0;
        while filled < into.len() {
            match self.read(&mut into[filled..]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => filled += count,
            }
        }
        Ok(())
    }

    /// Reads until the end of the stream.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    pub async fn read_to_end(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut some = [0; 16 * 1024];
        loop {
            match self.read(&mut some).await? {
                0 => return Ok(bytes),
                count => bytes.extend_from_slice(&some[..count]),
            }
        }
    }

    /// Reads what has arrived by now, without waiting.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    pub fn read_arrived(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut some = [0; 16 * 1024];
        loop {
            match self.0.receive(&mut some) {
                Ok(0) => return Ok(bytes),
                Ok(count) => bytes.extend_from_slice(&some[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(bytes),
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes everything, and waits for room where there is none.
    ///
    /// # Errors
    ///
    /// Those of [`NetworkStream::send`], but for `WouldBlock`.
    pub async fn write_all(&self, mut data: &[u8]) -> io::Result<()> {
        poll_fn(|context| {
            while !data.is_empty() {
                match self.0.send(&[IoSlice::new(data)]) {
                    Ok(count) => data = &data[count..],
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        self.watch().poll(context, Readiness::WRITE);
                        return Poll::Pending;
                    }
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Ends the sending half.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) if the connection was
    /// reset.
    pub fn shutdown_write(&self) -> io::Result<()> {
        self.0.shutdown_write()
    }

    /// Closes it with an error for the other end.
    pub fn reset(self) {
        self.0.abort();
    }

    /// The connection, to be disturbed.
    #[must_use]
    pub fn connection(&self) -> SimConnection {
        SimConnection::new(std::rc::Rc::clone(self.0.line()))
    }

    fn watch(&self) -> &crate::watches::Watch {
        self.0.line().watch(self.0.side())
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Peer").field(&self.connection()).finish()
    }
}

/// An address on which a test accepts connections itself. Dropping it gives the
/// address back.
pub struct PeerListener(SimListener);

impl PeerListener {
    pub(crate) fn new(listener: SimListener) -> Self {
        Self(listener)
    }

    /// Waits for a connection, and takes it.
    pub async fn accept(&self) -> Peer {
        poll_fn(|context| self.0.poll_accept(context).map(Peer)).await
    }

    /// The address, with its port.
    #[must_use]
    pub fn sockname(&self) -> Address {
        self.0.sockname()
    }

    /// The address and port, if it is one of IP.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.sockname().as_inet()
    }
}

impl fmt::Debug for PeerListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PeerListener")
            .field(&self.sockname())
            .finish()
    }
}
