//! Why no connection or server came to be.

use std::fmt;
use std::io;

use thiserror::Error;

use crate::BoxError;
use crate::event_loop::LoopClosed;
use crate::tls::{SslRefusal, StartTlsError};
use crate::transport::Address;

/// What one address answered.
#[derive(Debug, Error)]
#[error("{address}: {error}")]
pub struct AttemptError {
    /// The address.
    pub address: Address,
    /// What the system answered.
    #[source]
    pub error: io::Error,
}

/// Why no connection came to be.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The loop was closed.
    #[error(transparent)]
    Closed(#[from] LoopClosed),
    /// The host name could not be resolved.
    #[error("cannot resolve {host}: {source}")]
    Resolve {
        /// The host name.
        host: String,
        /// What the resolver answered.
        source: io::Error,
    },
    /// The host name has no address, or none of the family of the local
    /// address (line E21).
    #[error("no usable address for {host}")]
    NoAddress {
        /// The host name.
        host: String,
    },
    /// No address could be connected, in the order in which they were tried
    /// (line E21).
    #[error("{}", Attempts(.0))]
    Attempts(Vec<AttemptError>),
    /// The socket that was handed in is not of type `SOCK_STREAM` (line E20).
    #[error("a stream socket was expected")]
    NotStream,
    /// The socket that was handed in is not connected.
    #[error("the socket is not connected")]
    NotConnected,
    /// The system refused to work with the socket.
    #[error("cannot use the socket: {0}")]
    Socket(#[source] io::Error),
    /// The protocol factory answered an error.
    #[error("the protocol factory failed: {0}")]
    Factory(#[source] BoxError),
    /// This option means nothing without TLS; nothing was touched (lines B9,
    /// B10).
    #[error("{option} is only meaningful with ssl")]
    WithoutTls {
        /// The name of the option.
        option: &'static str,
    },
    /// The TLS options cannot be used, in which case nothing was touched, or
    /// the handshake failed (lines B3 to B9, B40 to B44).
    #[error(transparent)]
    Tls(StartTlsError),
}

/// Why no server came to be; whatever was bound until then is closed
/// (line E26).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The loop was closed.
    #[error(transparent)]
    Closed(#[from] LoopClosed),
    /// The host name could not be resolved.
    #[error("cannot resolve {host}: {source}")]
    Resolve {
        /// The host name.
        host: String,
        /// What the resolver answered.
        source: io::Error,
    },
    /// There is no address to listen on, or every one of them is not of this
    /// machine (line E26).
    #[error("no address to listen on for {host}")]
    NoAddress {
        /// The host name.
        host: String,
    },
    /// An address could not be had.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: Address,
        /// What the system answered.
        source: io::Error,
    },
    /// The path of a Unix socket is taken by something else than a socket
    /// (line E32).
    #[error("{address} exists and is not a socket")]
    PathTaken {
        /// The path.
        address: Address,
    },
    /// The socket that was handed in is not of type `SOCK_STREAM`.
    #[error("a stream socket was expected")]
    NotStream,
    /// An option does not go with this address or system (line E27).
    #[error("{option} is not supported here")]
    Option {
        /// The name of the option.
        option: &'static str,
    },
    /// This option means nothing without TLS; nothing was touched (lines B9,
    /// B10).
    #[error("{option} is only meaningful with ssl")]
    WithoutTls {
        /// The name of the option.
        option: &'static str,
    },
    /// The TLS options cannot be used (lines B3 to B5).
    #[error(transparent)]
    Tls(StartTlsError),
    /// The system refused to work with the socket.
    #[error("cannot use the socket: {0}")]
    Socket(#[source] io::Error),
}

/// One error as it is, equal ones once, different ones together (line E21).
struct Attempts<'a>(&'a [AttemptError]);

impl fmt::Display for Attempts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, rest)) = self.0.split_first() else {
            return f.write_str("no address was tried");
        };
        let text = first.error.to_string();
        if rest.iter().all(|other| other.error.to_string() == text) {
            return write!(f, "cannot connect to {}: {text}", first.address);
        }
        f.write_str("cannot connect: ")?;
        for (at, attempt) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{attempt}")?;
        }
        Ok(())
    }
}

impl ConnectError {
    /// The class of the error, in the words of the standard library; of
    /// several attempts the first one's.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Closed(_) | Self::NotConnected => io::ErrorKind::NotConnected,
            Self::Resolve { source, .. } | Self::Socket(source) => source.kind(),
            Self::NoAddress { .. } => io::ErrorKind::AddrNotAvailable,
            Self::Attempts(attempts) => attempts
                .first()
                .map_or(io::ErrorKind::AddrNotAvailable, |first| first.error.kind()),
            Self::NotStream | Self::WithoutTls { .. } => io::ErrorKind::InvalidInput,
            Self::Factory(_) => io::ErrorKind::Other,
            Self::Tls(error) => error.kind(),
        }
    }
}

impl ListenError {
    /// The class of the error, in the words of the standard library.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Closed(_) => io::ErrorKind::NotConnected,
            Self::Resolve { source, .. } | Self::Bind { source, .. } | Self::Socket(source) => {
                source.kind()
            }
            Self::NoAddress { .. } => io::ErrorKind::AddrNotAvailable,
            Self::PathTaken { .. } => io::ErrorKind::AddrInUse,
            Self::NotStream | Self::WithoutTls { .. } => io::ErrorKind::InvalidInput,
            Self::Option { .. } => io::ErrorKind::Unsupported,
            Self::Tls(error) => error.kind(),
        }
    }
}

impl From<ConnectError> for io::Error {
    fn from(error: ConnectError) -> Self {
        Self::new(error.kind(), error)
    }
}

impl From<ListenError> for io::Error {
    fn from(error: ListenError) -> Self {
        Self::new(error.kind(), error)
    }
}

impl From<SslRefusal> for ConnectError {
    fn from(refusal: SslRefusal) -> Self {
        match refusal {
            SslRefusal::WithoutTls(option) => Self::WithoutTls { option },
            SslRefusal::Refused(error) => Self::Tls(error),
        }
    }
}

impl From<SslRefusal> for ListenError {
    fn from(refusal: SslRefusal) -> Self {
        match refusal {
            SslRefusal::WithoutTls(option) => Self::WithoutTls { option },
            SslRefusal::Refused(error) => Self::Tls(error),
        }
    }
}
