//! Streams: connections for async code.

mod buffer;
mod connection;
mod error;
mod halves;
mod io;
mod open;
mod protocol;
mod read;
mod upgrade;
mod waiting;
mod write;

pub use error::{ReadError, ReadErrorKind};
pub use halves::{ReadHalf, ReuniteError, WriteHalf};

pub(crate) use buffer::Spare;
pub(crate) use open::{open_connection, start_server};

use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;

use connection::Connection;
use read::Reader;

use crate::event_loop::LoopHandle;
use crate::send_file::{FileJob, FileSource, SendFileError, SendFileOptions};
use crate::tls::Session;
use crate::transport::{Address, Transport, WriteError};

/// A connection for async code: asyncio's `StreamReader` and `StreamWriter` in
/// one.
///
/// It comes from [`open_connection`](crate::EventLoopExt::open_connection) and
/// [`start_server`](crate::EventLoopExt::start_server), or is put
/// [`over`](Self::over) any transport. It implements [`futures_io`]'s
/// [`AsyncRead`](futures_io::AsyncRead), [`AsyncWrite`](futures_io::AsyncWrite)
/// and [`AsyncBufRead`](futures_io::AsyncBufRead), so that every library over
/// those works on it.
///
/// # What is buffered
///
/// At most [`limit`](Self::set_limit) bytes in each direction, 64 KiB by default.
/// A peer that sends more than is read, or reads less than is written, is slowed
/// down by its own kernel.
///
/// # How it ends
///
/// Dropping a stream closes it: what was written is sent, and the loop goes on
/// with that by itself. [`close`](Self::close) does the same and waits for it.
///
/// A future that is dropped while it waits takes nothing with it: what was read
/// stays in the stream, and bytes that a write has taken are sent. The futures
/// after which a stream is of no use say so.
///
/// Two readers at a time cannot be written:
///
/// ```compile_fail
/// # async fn two(mut stream: loopline_core::Stream) {
/// let first = stream.read_exact(1);
/// let second = stream.read_exact(1);
/// first.await;
/// # }
/// ```
///
/// # Example
///
/// ```
/// use loopline_core::{ConnectOptions, EventLoop, EventLoopExt, ReadError};
///
/// async fn greeting(event_loop: &dyn EventLoop) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
///     let target = ("mail.example.org", 25);
///     let mut stream = event_loop.open_connection(target, ConnectOptions::default()).await?;
///     let line = stream.read_until(b"\r\n").await?;
///     stream.write_all(b"QUIT\r\n").await?;
///     stream.close().await?;
///     Ok(line)
/// }
/// ```
pub struct Stream {
    reader: Reader,
    /// It lives on in its halves.
    is_split: bool,
}

impl Stream {
    /// Takes a transport over: from now on what its peer sends goes to the
    /// stream. The protocol before gets no further callback.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](std::io::ErrorKind::NotConnected) if the transport is
    /// lost, or was handed over to a layer such as TLS.
    pub fn over(event_loop: &LoopHandle, transport: &Rc<dyn Transport>) -> std::io::Result<Self> {
        Ok(Self::new(Connection::over(event_loop, transport)?))
    }

    fn new(connection: Connection) -> Self {
        Self {
            reader: Reader::new(connection),
            is_split: false,
        }
    }

    fn connection(&self) -> &Connection {
        &self.reader.connection
    }

    /// The transport below. Its protocol, its marks and its reading are the
    /// stream's; its socket's options and its time for closing are anybody's.
    #[must_use]
    pub fn transport(&self) -> Rc<dyn Transport> {
        self.connection().transport()
    }

    /// The address of the peer, also after the connection was lost.
    #[must_use]
    pub fn peer_addr(&self) -> Option<Address> {
        self.transport().peername()
    }

    /// The local address, also after the connection was lost.
    #[must_use]
    pub fn local_addr(&self) -> Option<Address> {
        self.transport().sockname()
    }

    /// What the TLS handshake has agreed on; none without TLS.
    #[must_use]
    pub fn tls_session(&self) -> Option<Session> {
        self.transport().session()
    }

    /// How many bytes are buffered at most, in each direction.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.connection().limit()
    }

    /// Sets how many bytes are buffered at most, in each direction: what was
    /// read and not taken, and what was written and has not left. It is also the
    /// longest answer of [`read_until`](Self::read_until). 64 KiB by default;
    /// 0 counts as 1.
    ///
    /// Over TLS it bounds the plaintext that was read and the ciphertext that
    /// waits; the layer keeps what one read of the socket has brought besides.
    pub fn set_limit(&mut self, limit: usize) {
        self.connection().set_limit(limit);
    }

    /// Reads something: at least one byte, unless the stream has ended or `into`
    /// is empty.
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// Why the connection was lost.
    /// [`ConnectionAborted`](std::io::ErrorKind::ConnectionAborted) if it was
    /// closed on this side.
    pub async fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        poll_fn(|cx| self.reader.poll_read(cx, into)).await
    }

    /// Reads exactly so many bytes: asyncio's `readexactly`. That may be more
    /// than the limit.
    ///
    /// Dropping the future loses nothing: what has come stays in the stream.
    ///
    /// # Errors
    ///
    /// [`ReadError`], with all that had come; after
    /// [`Incomplete`](ReadErrorKind::Incomplete) that was the last of the stream.
    #[doc(alias = "readexactly")]
    pub async fn read_exact(&mut self, count: usize) -> Result<Vec<u8>, ReadError> {
        self.reader.read_exact(count).await
    }

    /// Reads up to a separator, which ends the answer: asyncio's `readuntil`.
    ///
    /// Dropping the future loses nothing: what has come stays in the stream.
    ///
    /// # Errors
    ///
    /// [`ReadError`], with what had come:
    /// [`LimitOverrun`](ReadErrorKind::LimitOverrun) if there is no separator
    /// within the limit, after which reading goes on behind those bytes;
    /// [`Incomplete`](ReadErrorKind::Incomplete) if the stream has ended
    /// ([`is_end`](ReadError::is_end) tells whether it did so in order).
    #[doc(alias = "readuntil")]
    pub async fn read_until(&mut self, separator: impl AsRef<[u8]>) -> Result<Vec<u8>, ReadError> {
        self.reader.read_until(separator.as_ref()).await
    }

    /// Reads a line with its line feed: asyncio's `readline`. None at the end of the
    /// stream; what comes behind the last line feed is a line without one.
    ///
    /// Dropping the future loses nothing: what has come stays in the stream.
    ///
    /// ```
    /// use loopline_core::{ReadError, Stream};
    ///
    /// async fn count(stream: &mut Stream) -> Result<usize, ReadError> {
    ///     let mut lines = 0;
    ///     while stream.read_line().await?.is_some() {
    ///         lines += 1;
    ///     }
    ///     Ok(lines)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`read_until`](Self::read_until), but for the end of the stream.
    #[doc(alias = "readline")]
    pub async fn read_line(&mut self) -> Result<Option<Vec<u8>>, ReadError> {
        self.reader.read_line().await
    }

    /// Takes what was read ahead and not consumed; afterwards nothing is.
    ///
    /// Before an upgrade this belongs to the new protocol, and must neither be
    /// lost nor be obeyed: [`start_tls`](Self::start_tls) sees to that by itself
    /// (lines B19, B20).
    #[must_use = "the bytes are gone from the stream"]
    pub fn take_unread(&mut self) -> Vec<u8> {
        self.reader.take_unread()
    }

    /// Writes everything, and waits while more than the limit would be queued.
    ///
    /// When it returns, up to the limit is still to be sent; the loop does that.
    /// Of a future that is dropped an unknown part has been written: then only
    /// [`close`](Self::close) makes sense, or a protocol that does not mind.
    ///
    /// # Errors
    ///
    /// Why the connection was lost, or refuses to be written to.
    pub async fn write_all(&mut self, data: &[u8]) -> std::io::Result<()> {
        self.connection().write_all(data).await
    }

    /// Waits until everything that was written has been given to the system.
    ///
    /// Dropping the future changes nothing: what was written is sent.
    ///
    /// # Errors
    ///
    /// Why the connection was lost.
    pub async fn flush(&mut self) -> std::io::Result<()> {
        poll_fn(|cx| self.connection().poll_flushed(cx)).await
    }

    /// Ends the sending half once everything written has left; reading goes on.
    ///
    /// # Errors
    ///
    /// [`WriteError::EofUnsupported`] over TLS, which ends as a whole.
    pub fn write_eof(&mut self) -> Result<(), WriteError> {
        self.transport().write_eof()
    }

    /// Sends a file, in order with what was written, as
    /// [`EventLoop::sendfile`](crate::EventLoop::sendfile) does.
    ///
    /// Dropping the future ends the transfer where it is; the stream can be used
    /// again (line A68).
    ///
    /// # Errors
    ///
    /// [`SendFileError`], which tells how many bytes had left.
    pub async fn sendfile(
        &mut self,
        file: impl Into<FileSource>,
        options: SendFileOptions,
    ) -> Result<u64, SendFileError> {
        FileJob::new(file, options).send(&self.transport()).await
    }

    /// Sends what was written, closes, and waits for the end: asyncio's `close`
    /// and `wait_closed`. Without a limit of time; see
    /// [`Transport::set_close_timeout`].
    ///
    /// If the future is dropped the loop goes on closing.
    ///
    /// # Errors
    ///
    /// Why not everything was sent.
    pub async fn close(self) -> std::io::Result<()> {
        self.transport().close();
        poll_fn(|cx| self.connection().poll_lost(cx)).await
    }

    /// Closes at once; what was written and has not left is dropped.
    pub fn abort(self) {
        self.transport().abort();
    }

    /// Two halves, for one task that reads and another that writes. They share
    /// the connection without a lock; dropping both closes it.
    #[must_use]
    pub fn into_split(mut self) -> (ReadHalf, WriteHalf) {
        self.is_split = true;
        let connection = self.connection().clone();
        let reader = std::mem::replace(&mut self.reader, Reader::new(connection.clone()));
        halves::split(reader, connection)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if !self.is_split {
            self.transport().close();
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("peer_addr", &self.peer_addr())
            .finish_non_exhaustive()
    }
}
