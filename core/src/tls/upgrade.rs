//! `start_tls`: a live connection upgraded.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use thiserror::Error;

use super::options::{Limits, Terms};
use super::stream::TlsStream;
use super::{TlsContext, TlsError};
use crate::engine::Engine;
use crate::event_loop::LoopClosed;
use crate::protocol::SharedProtocol;
use crate::transport::{Transport, WriteError};

/// How a connection is upgraded. The default is the client's side.
///
/// ```
/// use loopline_core::tls::StartTlsOptions;
///
/// let client = StartTlsOptions::default().server_hostname("mail.example.org");
/// let server = StartTlsOptions::default().server_side(true);
/// # let _ = (client, server);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct StartTlsOptions {
    server_side: bool,
    server_hostname: Option<String>,
    limits: Limits,
    received: Vec<u8>,
}

impl StartTlsOptions {
    /// Whether this side is the server; it is never guessed (line B8).
    pub fn server_side(mut self, server_side: bool) -> Self {
        self.server_side = server_side;
        self
    }

    /// The name, or the IP address, that the server's certificate has to be
    /// valid for, and that is sent as SNI. A client needs one (line B6); a
    /// server ignores it (line B7).
    pub fn server_hostname(mut self, name: impl Into<String>) -> Self {
        self.server_hostname = Some(name.into());
        self
    }

    /// How long the handshake may take: 60 seconds by default, and not 0
    /// (line B3).
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.limits.handshake_timeout = timeout;
        self
    }

    /// How long closing may take: 30 seconds by default, and not 0 (line B4).
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.limits.shutdown_timeout = timeout;
        self
    }

    /// Bytes of the peer that the protocol has read and that are not plaintext
    /// of its own any more: all that followed the command to upgrade
    /// (lines B19, B20). They go to the TLS coder; what an attacker has put
    /// there fails as a bad record and is never obeyed.
    pub fn received(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.received = bytes.into();
        self
    }

    /// The same with bytes behind those that are there.
    pub(crate) fn received_behind(mut self, bytes: &[u8]) -> Self {
        self.received.extend_from_slice(bytes);
        self
    }

    /// Takes the end of the stream without close_notify for an end in order.
    /// Then whoever sits between can cut off what was sent; off by default
    /// (line B76).
    pub fn allow_truncation(mut self, allow: bool) -> Self {
        self.limits.allow_truncation = allow;
        self
    }

    /// Takes the peer's close_notify for the end of its direction alone, where
    /// the protocol wants that: if `eof_received` answers true, what this side
    /// writes still leaves, until it closes or goes on in plaintext by
    /// [`stop_tls`](crate::EventLoop::stop_tls) (line B96). Off by default:
    /// then the connection ends (line B69).
    pub fn allow_half_close(mut self, allow: bool) -> Self {
        self.limits.allow_half_close = allow;
        self
    }
}

/// Why a connection was not upgraded.
///
/// The first group leaves the connection as it was; after the others it is
/// ended, and its protocol gets exactly one `connection_lost` (line B45).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartTlsError {
    /// The loop was closed.
    #[error(transparent)]
    Closed(#[from] LoopClosed),
    /// The transport is closing or lost (lines B25, B26).
    #[error("the transport is closing")]
    TransportClosing,
    /// This kind of transport cannot be upgraded, or was upgraded before
    /// (line B2).
    #[error("the transport is not supported by start_tls")]
    Unsupported,
    /// A file is being sent over the transport, or its sending half was ended.
    #[error("the transport cannot be written to")]
    NotWritable,
    /// A client gave no server name (line B6).
    #[error("a client has to give server_hostname")]
    NoServerName,
    /// The server name is neither a host name nor an IP address.
    #[error("{0:?} is neither a host name nor an IP address")]
    InvalidServerName(String),
    /// A timeout is 0 (lines B3, B4).
    #[error("{0} must be positive")]
    InvalidTimeout(&'static str),
    /// The context does not fit the side (line B5).
    #[error(transparent)]
    Context(TlsError),
    /// The handshake failed: bad certificate, bad record, no common version,
    /// an alert of the peer (lines B43, B44).
    #[error(transparent)]
    Handshake(TlsError),
    /// The handshake took too long (line B42).
    #[error("the TLS handshake took longer than {after:?}")]
    TimedOut {
        /// The limit.
        after: Duration,
    },
    /// The connection failed meanwhile (lines B40, B41).
    #[error("the connection failed during the TLS handshake: {0}")]
    Connection(#[source] io::Error),
    /// The connection was closed or aborted here meanwhile (line B27).
    #[error("the connection was closed during the TLS handshake")]
    Aborted,
}

impl StartTlsError {
    /// Whether the connection is as it was.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Closed(_)
            | Self::TransportClosing
            | Self::Unsupported
            | Self::NotWritable
            | Self::NoServerName
            | Self::InvalidServerName(_)
            | Self::InvalidTimeout(_)
            | Self::Context(_) => true,
            Self::Handshake(_) | Self::TimedOut { .. } | Self::Connection(_) | Self::Aborted => {
                false
            }
        }
    }

    /// The class of the error, in the words of the standard library.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Closed(_) => io::ErrorKind::NotConnected,
            Self::TransportClosing | Self::TimedOut { .. } | Self::Aborted => {
                io::ErrorKind::ConnectionAborted
            }
            Self::Unsupported => io::ErrorKind::Unsupported,
            Self::NotWritable => io::ErrorKind::ResourceBusy,
            Self::NoServerName | Self::InvalidServerName(_) | Self::InvalidTimeout(_) => {
                io::ErrorKind::InvalidInput
            }
            Self::Context(error) | Self::Handshake(error) => error.io_kind(),
            Self::Connection(error) => error.kind(),
        }
    }
}

impl From<StartTlsError> for io::Error {
    fn from(error: StartTlsError) -> Self {
        Self::new(error.kind(), error)
    }
}

/// Checks everything, then puts TLS between a transport and its protocol.
pub(crate) async fn start_tls(
    engine: &Rc<Engine>,
    transport: &Rc<dyn Transport>,
    protocol: SharedProtocol,
    context: &dyn TlsContext,
    options: StartTlsOptions,
) -> Result<Rc<dyn Transport>, StartTlsError> {
    let terms = check(engine, &**transport, context, &options)?;
    let timeout = terms.limits.handshake_timeout;
    let stream = TlsStream::put_onto(engine, &**transport, protocol, terms, true)
        .ok_or_else(|| refusal(&**transport))?;
    stream.shake_hands(timeout, options.received).await?;
    Ok(stream)
}

/// Nothing is touched before all of this holds (line B5).
fn check(
    engine: &Engine,
    transport: &dyn Transport,
    context: &dyn TlsContext,
    options: &StartTlsOptions,
) -> Result<Terms, StartTlsError> {
    if engine.is_closed() {
        return Err(LoopClosed.into());
    }
    let terms = if options.server_side {
        Terms::of_server(context, options.limits)?
    } else {
        Terms::of_client(context, options.server_hostname.as_deref(), options.limits)?
    };
    if transport.is_closing() {
        return Err(StartTlsError::TransportClosing);
    }
    Ok(terms)
}

/// Why a transport cannot be given away: an empty write is refused for the same
/// reasons, and has no effect otherwise.
fn refusal(transport: &dyn Transport) -> StartTlsError {
    match transport.write(&[]) {
        Err(WriteError::SendFileInProgress | WriteError::EofWritten) => StartTlsError::NotWritable,
        _ => StartTlsError::Unsupported,
    }
}

/// Makes a TLS connection of one whose protocol is a [`Placeholder`]: the
/// user's gets `connection_made` once the handshake is done, and nothing if it
/// fails (lines B38, B39).
///
/// [`Placeholder`]: super::Placeholder
pub(crate) async fn connect(
    engine: &Rc<Engine>,
    below: &Rc<dyn Transport>,
    protocol: SharedProtocol,
    terms: Terms,
) -> Result<Rc<dyn Transport>, StartTlsError> {
    let timeout = terms.limits.handshake_timeout;
    let stream = TlsStream::put_onto(engine, &**below, protocol, terms, false)
        .ok_or(StartTlsError::Unsupported)?;
    stream.shake_hands(timeout, Vec::new()).await?;
    Ok(stream)
}

/// As [`connect`], where nobody waits: the end of the handshake reaches the
/// protocol, or the exception handler (line B47).
pub(crate) fn accept(
    engine: &Rc<Engine>,
    below: &Rc<dyn Transport>,
    protocol: SharedProtocol,
    terms: Terms,
) {
    let timeout = terms.limits.handshake_timeout;
    if let Some(stream) = TlsStream::put_onto(engine, &**below, protocol, terms, false) {
        stream.shake_hands_alone(timeout);
    }
}
