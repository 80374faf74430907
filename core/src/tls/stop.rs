//! `stop_tls`: a connection that goes on in plaintext.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use thiserror::Error;

use super::TlsError;
use super::stream::TlsStream;
use crate::engine::Engine;
use crate::event_loop::LoopClosed;
use crate::protocol::SharedProtocol;
use crate::transport::{Line, Transport};

/// How TLS is taken off a connection.
///
/// ```
/// use std::time::Duration;
/// use loopline_core::tls::StopTlsOptions;
///
/// let patient = StopTlsOptions::default().timeout(Duration::from_secs(120));
/// # let _ = patient;
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct StopTlsOptions {
    timeout: Option<Duration>,
}

impl StopTlsOptions {
    /// How long the peer's close_notify is waited for, and not 0: the shutdown
    /// timeout of the upgrade by default (line B98).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// Why a connection does not go on in plaintext.
///
/// The first group leaves it as it was; after the others, which begin with
/// [`TimedOut`](Self::TimedOut), it is ended, and the protocol that it had in
/// TLS gets exactly one `connection_lost` (line B99).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StopTlsError {
    /// The loop was closed.
    #[error(transparent)]
    Closed(#[from] LoopClosed),
    /// The transport does not speak TLS, or is not one of this crate.
    #[error("the transport is not one that start_tls has made")]
    NotTls,
    /// The transport is closing or lost.
    #[error("the transport is closing")]
    TransportClosing,
    /// Something was put onto the transport, or it was stopped already: its
    /// successor has the connection.
    #[error("the transport was handed over")]
    HandedOver,
    /// It is being stopped already.
    #[error("stop_tls is in progress")]
    InProgress,
    /// A file is being sent over the transport.
    #[error("a file is being sent")]
    SendFileInProgress,
    /// The transport below cannot be
    /// [had back](crate::Transport::hand_back).
    #[error("the transport below cannot be had back")]
    Unsupported,
    /// The timeout is 0.
    #[error("the timeout must be positive")]
    InvalidTimeout,
    /// The peer has not sent its close_notify in time, or data before it was
    /// not taken because reading is paused (line B98).
    #[error("the peer's close_notify took longer than {after:?}")]
    TimedOut {
        /// The limit.
        after: Duration,
    },
    /// The peer has ended the stream instead, without a close_notify
    /// (line B76).
    #[error("the peer ended the stream without close_notify")]
    Truncated,
    /// What the peer has sent is no TLS, or an alert.
    #[error(transparent)]
    Tls(TlsError),
    /// The connection failed meanwhile.
    #[error("the connection failed while TLS was stopped: {0}")]
    Connection(#[source] io::Error),
    /// The connection was closed or aborted here meanwhile.
    #[error("the connection was closed while TLS was stopped")]
    Aborted,
}

impl StopTlsError {
    /// The class of the error, in the words of the standard library.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Closed(_) => io::ErrorKind::NotConnected,
            Self::NotTls | Self::Unsupported => io::ErrorKind::Unsupported,
            Self::TransportClosing | Self::HandedOver | Self::Aborted => {
                io::ErrorKind::ConnectionAborted
            }
            Self::InProgress | Self::SendFileInProgress => io::ErrorKind::ResourceBusy,
            Self::InvalidTimeout => io::ErrorKind::InvalidInput,
            Self::TimedOut { .. } => io::ErrorKind::TimedOut,
            Self::Truncated => io::ErrorKind::UnexpectedEof,
            Self::Tls(error) => error.io_kind(),
            Self::Connection(error) => error.kind(),
        }
    }
}

impl From<StopTlsError> for io::Error {
    fn from(error: StopTlsError) -> Self {
        Self::new(error.kind(), error)
    }
}

/// Checks everything, then takes TLS off a connection.
pub(crate) async fn stop_tls(
    engine: &Rc<Engine>,
    transport: &Rc<dyn Transport>,
    protocol: SharedProtocol,
    options: StopTlsOptions,
) -> Result<Rc<dyn Transport>, StopTlsError> {
    if engine.is_closed() {
        return Err(LoopClosed.into());
    }
    if options.timeout.is_some_and(|timeout| timeout.is_zero()) {
        return Err(StopTlsError::InvalidTimeout);
    }
    let stream = transport.as_any().downcast_ref::<TlsStream>();
    let stream = stream.ok_or(StopTlsError::NotTls)?;
    if stream.is_handed_over() {
        return Err(StopTlsError::HandedOver);
    }
    stream.stop(protocol, options.timeout).await
}
