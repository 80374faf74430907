//! Why the loop refuses a call.

use std::io;

use thiserror::Error;

use crate::backend::Source;

/// The loop was closed (line E13).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the event loop is closed")]
pub struct LoopClosed;

/// Why the loop did not run, or not to the end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// This loop is running already (line E12).
    #[error("this event loop is already running")]
    AlreadyRunning,
    /// Another loop is running in this thread (line E12).
    #[error("another event loop is running in this thread")]
    OtherLoopRunning,
    /// The loop was closed (line E13).
    #[error(transparent)]
    Closed(#[from] LoopClosed),
    /// The loop was stopped before the future completed (line E11).
    #[error("the event loop stopped before the future completed")]
    Stopped,
    /// The backend failed to wait.
    #[error("the {backend} backend failed to wait")]
    Wait {
        /// The name of the backend.
        backend: &'static str,
        /// What the system answered.
        source: io::Error,
    },
}

/// Why a descriptor is not watched.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The loop was closed (line C23).
    #[error(transparent)]
    Closed(#[from] LoopClosed),
    /// The loop uses the descriptor itself: a transport, a listening socket, a
    /// connection attempt or a `sock_sendfile` owns it (lines C20 to C22).
    #[error("descriptor {number} is used by a {owner} of this loop")]
    Owned {
        /// The number of the descriptor.
        number: u64,
        /// What owns it.
        owner: &'static str,
    },
    /// The system cannot tell when this kind of descriptor is ready: a regular
    /// file or a directory, say (line C18).
    #[error("descriptor {number} is of a kind that cannot be watched")]
    Unsupported {
        /// The number of the descriptor.
        number: u64,
    },
    /// The system refused.
    #[error("cannot watch descriptor {number}")]
    System {
        /// The number of the descriptor.
        number: u64,
        /// What the system answered.
        source: io::Error,
    },
}

impl WatchError {
    /// What a backend has answered.
    pub(crate) fn of(source: Source<'_>, error: io::Error) -> Self {
        let number = source.number();
        if error.kind() == io::ErrorKind::Unsupported {
            Self::Unsupported { number }
        } else {
            Self::System {
                number,
                source: error,
            }
        }
    }
}

impl From<LoopClosed> for io::Error {
    fn from(error: LoopClosed) -> Self {
        Self::new(io::ErrorKind::NotConnected, error)
    }
}

impl From<RunError> for io::Error {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Wait { source, .. } => source,
            other => Self::other(other),
        }
    }
}

impl From<WatchError> for io::Error {
    fn from(error: WatchError) -> Self {
        let kind = match &error {
            WatchError::Closed(_) => io::ErrorKind::NotConnected,
            WatchError::Owned { .. } => io::ErrorKind::ResourceBusy,
            WatchError::Unsupported { .. } => io::ErrorKind::Unsupported,
            WatchError::System { source, .. } => source.kind(),
        };
        Self::new(kind, error)
    }
}
