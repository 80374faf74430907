//! Why a stream did not give what was asked for.

use std::io;

use thiserror::Error;

/// Why a read got no full answer, and what had come until then.
///
/// Those bytes are in the error and no longer in the stream; reading goes on
/// behind them.
#[derive(Debug, Error)]
#[error("{kind} (after {} bytes)", .partial.len())]
pub struct ReadError {
    #[source]
    kind: ReadErrorKind,
    partial: Vec<u8>,
}

/// The reason of a [`ReadError`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The peer has ended its stream before: asyncio's `IncompleteReadError`.
    #[error("the stream has ended before")]
    Incomplete,
    /// The separator was not found within the limit: asyncio's
    /// `LimitOverrunError`.
    #[error("no separator within {limit} bytes")]
    LimitOverrun {
        /// The limit of the stream, in bytes.
        limit: usize,
    },
    /// The separator is empty, and would be found everywhere.
    #[error("the separator is empty")]
    EmptySeparator,
    /// The connection failed, or was closed here.
    #[error("the connection failed")]
    Connection(#[source] io::Error),
}

impl ReadError {
    pub(super) fn new(kind: ReadErrorKind, partial: Vec<u8>) -> Self {
        Self { kind, partial }
    }

    /// The reason.
    #[must_use]
    pub fn kind(&self) -> &ReadErrorKind {
        &self.kind
    }

    /// The bytes that had come.
    #[must_use]
    pub fn partial(&self) -> &[u8] {
        &self.partial
    }

    /// The bytes that had come.
    #[must_use]
    pub fn into_partial(self) -> Vec<u8> {
        self.partial
    }

    /// Whether the stream has ended in order, with nothing behind the last
    /// full answer.
    #[must_use]
    pub fn is_end(&self) -> bool {
        matches!(self.kind, ReadErrorKind::Incomplete) && self.partial.is_empty()
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        let kind = match &error.kind {
            ReadErrorKind::Incomplete => io::ErrorKind::UnexpectedEof,
            ReadErrorKind::LimitOverrun { .. } => io::ErrorKind::InvalidData,
            ReadErrorKind::EmptySeparator => io::ErrorKind::InvalidInput,
            ReadErrorKind::Connection(error) => error.kind(),
        };
        Self::new(kind, error)
    }
}
