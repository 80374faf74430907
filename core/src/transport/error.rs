//! Why a transport refuses a call.

use std::io;

use thiserror::Error;

/// Why a write was refused; nothing of it was taken.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteError {
    /// A file is being sent; its bytes are not mixed with others (lines A42,
    /// A44).
    #[error("unable to write; sendfile is in progress")]
    SendFileInProgress,
    /// The sending half was ended by `write_eof` (line D51).
    #[error("cannot write after write_eof")]
    EofWritten,
    /// A layer was put onto the connection, such as TLS: only that may write
    /// (line B22). Or this layer was taken off, or is about to be.
    #[error("the transport was handed over; write to its successor")]
    HandedOver,
    /// The transport only reads: that of a pipe's reading end.
    #[error("the transport only reads")]
    ReadOnly,
    /// This kind of transport cannot end its sending half alone (line D52).
    #[error("write_eof is not supported by this transport")]
    EofUnsupported,
}

impl From<WriteError> for io::Error {
    fn from(error: WriteError) -> Self {
        let kind = match error {
            WriteError::SendFileInProgress => io::ErrorKind::ResourceBusy,
            WriteError::EofWritten => io::ErrorKind::BrokenPipe,
            WriteError::HandedOver => io::ErrorKind::NotConnected,
            WriteError::ReadOnly | WriteError::EofUnsupported => io::ErrorKind::Unsupported,
        };
        Self::new(kind, error)
    }
}

/// The low-water mark was above the high-water mark (line D45).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("high-water mark ({high}) must be at or above the low-water mark ({low})")]
pub struct LimitsError {
    /// The high-water mark asked for, in bytes.
    pub high: usize,
    /// The low-water mark asked for, in bytes.
    pub low: usize,
}
