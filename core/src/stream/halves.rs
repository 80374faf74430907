//! The two directions of a stream, one by one.

use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;

use thiserror::Error;

use super::Stream;
use super::connection::Connection;
use super::error::ReadError;
use super::read::Reader;
use crate::send_file::{FileJob, FileSource, SendFileError, SendFileOptions};
use crate::transport::{Address, WriteError};

/// Whether the other half is gone.
type Alone = Rc<Cell<bool>>;

/// The reading half of a [`Stream`]. Dropping it stops reading; once the other
/// half is dropped as well the connection is closed.
pub struct ReadHalf {
    pub(super) reader: Reader,
    alone: Alone,
    is_reunited: bool,
}

/// The writing half of a [`Stream`]. Dropping it ends the sending half once
/// everything written has left, where the transport can do that alone; TLS ends
/// as a whole, with the other half.
pub struct WriteHalf {
    pub(super) connection: Connection,
    alone: Alone,
    is_reunited: bool,
}

pub(super) fn split(reader: Reader, connection: Connection) -> (ReadHalf, WriteHalf) {
    let alone = Alone::default();
    let read = ReadHalf {
        reader,
        alone: Rc::clone(&alone),
        is_reunited: false,
    };
    let write = WriteHalf {
        connection,
        alone,
        is_reunited: false,
    };
    (read, write)
}

impl ReadHalf {
    /// The address of the peer, also after the connection was lost.
    #[must_use]
    pub fn peer_addr(&self) -> Option<Address> {
        self.reader.connection.transport().peername()
    }

    /// See [`Stream::read`].
    ///
    /// # Errors
    ///
    /// Why the connection was lost.
    pub async fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| self.reader.poll_read(cx, into)).await
    }

    /// See [`Stream::read_exact`].
    ///
    /// # Errors
    ///
    /// [`ReadError`], with all that had come.
    pub async fn read_exact(&mut self, count: usize) -> Result<Vec<u8>, ReadError> {
        self.reader.read_exact(count).await
    }

    /// See [`Stream::read_until`].
    ///
    /// # Errors
    ///
    /// [`ReadError`], with what had come.
    pub async fn read_until(&mut self, separator: impl AsRef<[u8]>) -> Result<Vec<u8>, ReadError> {
        self.reader.read_until(separator.as_ref()).await
    }

    /// See [`Stream::read_line`].
    ///
    /// # Errors
    ///
    /// [`ReadError`], with what had come.
    pub async fn read_line(&mut self) -> Result<Option<Vec<u8>>, ReadError> {
        self.reader.read_line().await
    }

    /// Makes a stream of its two halves again.
    ///
    /// # Errors
    ///
    /// [`ReuniteError`] with both halves if they are of different streams.
    pub fn reunite(mut self, mut other: WriteHalf) -> Result<Stream, ReuniteError> {
        if !self.reader.connection.is_same(&other.connection) {
            return Err(ReuniteError(self, other));
        }
        self.is_reunited = true;
        other.is_reunited = true;
        let mut stream = Stream::new(other.connection.clone());
        std::mem::swap(&mut stream.reader, &mut self.reader);
        Ok(stream)
    }
}

impl WriteHalf {
    /// The address of the peer, also after the connection was lost.
    #[must_use]
    pub fn peer_addr(&self) -> Option<Address> {
        self.connection.transport().peername()
    }

    /// See [`Stream::write_all`].
    ///
    /// # Errors
    ///
    /// Why the connection was lost, or refuses to be written to.
    pub async fn write_all(&mut self, data: &[u8]) -> io::Result<()> {
        self.connection.write_all(data).await
    }

    /// See [`Stream::flush`].
    ///
    /// # Errors
    ///
    /// Why the connection was lost.
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.connection.poll_flushed(cx)).await
    }

    /// See [`Stream::write_eof`].
    ///
    /// # Errors
    ///
    /// [`WriteError::EofUnsupported`] over TLS.
    pub fn write_eof(&mut self) -> Result<(), WriteError> {
        self.connection.transport().write_eof()
    }

    /// See [`Stream::sendfile`].
    ///
    /// # Errors
    ///
    /// [`SendFileError`], which tells how many bytes had left.
    pub async fn sendfile(
        &mut self,
        file: impl Into<FileSource>,
        options: SendFileOptions,
    ) -> Result<u64, SendFileError> {
        let transport = self.connection.transport();
        FileJob::new(file, options).send(&transport).await
    }
}

impl Drop for ReadHalf {
    fn drop(&mut self) {
        if self.is_reunited {
            return;
        }
        let transport = self.reader.connection.transport();
        if self.alone.replace(true) {
            transport.close();
        } else {
            transport.pause_reading();
        }
    }
}

impl Drop for WriteHalf {
    fn drop(&mut self) {
        if self.is_reunited {
            return;
        }
        let transport = self.connection.transport();
        if self.alone.replace(true) {
            transport.close();
        } else {
            // What cannot end its halves one by one ends with the other one.
            let _ = transport.write_eof();
        }
    }
}

impl fmt::Debug for ReadHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf").finish_non_exhaustive()
    }
}

impl fmt::Debug for WriteHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteHalf").finish_non_exhaustive()
    }
}

/// Two halves are of different streams; here they are again.
#[derive(Debug, Error)]
#[error("the halves are of different streams")]
pub struct ReuniteError(pub ReadHalf, pub WriteHalf);
