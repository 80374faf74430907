//! Why a descriptor is not watched.

use std::error::Error;
use std::fmt;
use std::io;

use crate::event_loop::WatchError;

/// Why a descriptor is not watched, and the descriptor.
pub struct NotWatched<T> {
    error: WatchError,
    source: T,
}

impl<T> NotWatched<T> {
    pub(super) fn new(error: WatchError, source: T) -> Self {
        Self { error, source }
    }

    /// The reason.
    #[must_use]
    pub fn error(&self) -> &WatchError {
        &self.error
    }

    /// The descriptor, as it was given.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.source
    }
}

impl<T> fmt::Debug for NotWatched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotWatched")
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Display for NotWatched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<T> Error for NotWatched<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

impl<T> From<NotWatched<T>> for io::Error {
    fn from(refused: NotWatched<T>) -> Self {
        refused.error.into()
    }
}
