//! Why a file was not sent, or not to its end.

use std::io;

use thiserror::Error;

/// Why a file was not sent, or not to its end, and how far it got.
#[derive(Debug, Error)]
#[error("{kind} ({sent} bytes of the file were sent)")]
pub struct SendFileError {
    #[source]
    kind: SendFileErrorKind,
    sent: u64,
}

/// The reason of a [`SendFileError`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SendFileErrorKind {
    /// The transport is closing or lost (line A1).
    #[error("the transport is closing")]
    Closing,
    /// This kind of transport cannot send files (line A2).
    #[error("sendfile is not supported by this transport")]
    Unsupported,
    /// The kernel cannot send this file to this socket, and the fallback was
    /// forbidden: asyncio's `SendfileNotAvailableError` (line A5).
    #[error("the system cannot send this file, and the fallback is off")]
    NotAvailable,
    /// The count was 0 (line A9).
    #[error("the count must be positive")]
    InvalidCount,
    /// The offset is beyond what a file can have.
    #[error("the offset is beyond the largest of any file")]
    InvalidOffset,
    /// An offset was given for a file that has none, such as a pipe
    /// (line A14).
    #[error("an offset needs a file that can be positioned")]
    NotSeekable,
    /// Another file is being sent (lines A47 to A49).
    #[error("sendfile is already in progress")]
    InProgress,
    /// The sending half was ended by `write_eof` (line A46).
    #[error("cannot send after write_eof")]
    EofWritten,
    /// The transport was upgraded: only its successor sends (line B22).
    #[error("the transport was upgraded; send over its successor")]
    HandedOver,
    /// The job was polled after its end.
    #[error("the job has ended")]
    Finished,
    /// The connection was closed or aborted here while the file was being sent
    /// (line A65).
    #[error("the connection was closed while the file was being sent")]
    Aborted,
    /// The socket is not of type `SOCK_STREAM` (line A17).
    #[error("only SOCK_STREAM sockets are supported")]
    NotStream,
    /// The socket blocks (line A18).
    #[error("the socket must be non-blocking")]
    Blocking,
    /// The descriptor belongs to a transport or server of the loop, or is
    /// watched by its user (line A20).
    #[error("the descriptor is in use by the loop")]
    Owned,
    /// The progress callback panicked. The panic itself left the loop's `run_*`
    /// call.
    #[error("the progress callback panicked")]
    Panicked,
    /// The loop is closed.
    #[error("the event loop is closed")]
    LoopClosed,
    /// The connection failed (lines A61 to A66).
    #[error("the connection failed: {0}")]
    Connection(#[source] io::Error),
    /// The file could not be read, or its position could not be set
    /// (lines A15, A16).
    #[error("the file failed: {0}")]
    File(#[source] io::Error),
}

impl SendFileError {
    /// An error for a transport of one's own.
    #[must_use]
    pub fn new(kind: SendFileErrorKind, sent: u64) -> Self {
        Self { kind, sent }
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> &SendFileErrorKind {
        &self.kind
    }

    /// How many bytes of the file had left.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// The class of the error, in the words of the standard library.
    #[must_use]
    pub fn io_kind(&self) -> io::ErrorKind {
        use SendFileErrorKind as Kind;
        match &self.kind {
            Kind::Connection(error) | Kind::File(error) => error.kind(),
            Kind::Aborted => io::ErrorKind::ConnectionAborted,
            Kind::Closing | Kind::LoopClosed => io::ErrorKind::NotConnected,
            Kind::Unsupported | Kind::NotAvailable => io::ErrorKind::Unsupported,
            Kind::InProgress | Kind::Owned | Kind::HandedOver => io::ErrorKind::ResourceBusy,
            Kind::EofWritten => io::ErrorKind::BrokenPipe,
            Kind::Panicked => io::ErrorKind::Other,
            Kind::InvalidCount
            | Kind::InvalidOffset
            | Kind::NotSeekable
            | Kind::Finished
            | Kind::NotStream
            | Kind::Blocking => io::ErrorKind::InvalidInput,
        }
    }
}

impl From<SendFileError> for io::Error {
    fn from(error: SendFileError) -> Self {
        Self::new(error.io_kind(), error)
    }
}

/// Whose fault an error of a native call is: the connection's or the file's.
pub(super) fn classify(error: io::Error) -> SendFileErrorKind {
    use io::ErrorKind as Io;
    match error.kind() {
        Io::BrokenPipe
        | Io::ConnectionReset
        | Io::ConnectionAborted
        | Io::ConnectionRefused
        | Io::NotConnected
        | Io::TimedOut
        | Io::HostUnreachable
        | Io::NetworkUnreachable
        | Io::NetworkDown => SendFileErrorKind::Connection(error),
        _ => SendFileErrorKind::File(error),
    }
}
