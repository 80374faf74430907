//! Why there is no transport over a pipe.

use std::io;

use thiserror::Error;

use crate::event_loop::{LoopClosed, WatchError};

/// Why there is no transport over a pipe. Nothing was changed, no callback came,
/// and the descriptor that was handed over is closed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PipeError {
    /// The loop was closed.
    #[error(transparent)]
    Closed(#[from] LoopClosed),
    /// The loop uses the descriptor already, or its backend or its system cannot
    /// watch its kind: there are no transports over pipes on Windows, and
    /// `/dev/null` is never waited for.
    #[error(transparent)]
    Watch(WatchError),
    /// It is neither a pipe nor a FIFO, a socket or a character device, such as a
    /// terminal: a regular file, say.
    #[error("descriptor {number} is no pipe, socket or character device")]
    Kind {
        /// The number of the descriptor.
        number: u64,
    },
    /// It is the other end: one to read from cannot be written to, and the other
    /// way round.
    #[error("descriptor {number} is not open for {wanted}")]
    Direction {
        /// The number of the descriptor.
        number: u64,
        /// What it is not open for.
        wanted: &'static str,
    },
    /// The system refused.
    #[error("cannot use descriptor {number} as a pipe")]
    System {
        /// The number of the descriptor.
        number: u64,
        /// What the system answered.
        source: io::Error,
    },
}

impl From<PipeError> for io::Error {
    fn from(error: PipeError) -> Self {
        let kind = match error {
            PipeError::Watch(error) => return error.into(),
            PipeError::Closed(_) => io::ErrorKind::NotConnected,
            PipeError::Kind { .. } | PipeError::Direction { .. } => io::ErrorKind::InvalidInput,
            PipeError::System { ref source, .. } => source.kind(),
        };
        Self::new(kind, error)
    }
}
