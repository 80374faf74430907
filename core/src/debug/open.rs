//! What a program has left open.

use crate::engine::{Engine, Watched};
#[cfg(feature = "debug")]
use crate::engine::{ExceptionContext, Severity};

/// Whose a callback is.
#[cfg(feature = "debug")]
pub(crate) fn name(owner: &dyn Watched) -> Option<String> {
    owner.name()
}

#[cfg(not(feature = "debug"))]
pub(crate) fn name(_: &dyn Watched) -> Option<String> {
    None
}

impl Engine {
    /// The loop is about to be closed: in debug mode every connection and every
    /// server that still is open is reported, asyncio's `ResourceWarning`
    /// (line D60).
    #[cfg(feature = "debug")]
    pub(crate) fn report_open(&self) {
        // What a panic drops was not forgotten.
        if !self.exceptions().debug() || std::thread::panicking() {
            return;
        }
        for name in self.open_names() {
            self.report(&ExceptionContext::new(
                Severity::Warning,
                &format!("the loop was closed, and {name} was still open"),
            ));
        }
    }

    #[cfg(not(feature = "debug"))]
    #[inline]
    pub(crate) fn report_open(&self) {}
}
