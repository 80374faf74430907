//! What a program has left open.

use crate::engine::Engine;
#[cfg(feature = "debug")]
use crate::engine::{ExceptionContext, Severity};

impl Engine {
    /// The loop is about to be closed: in debug mode every connection and every
    /// server that still is open is reported, asyncio's `ResourceWarning`
    /// (line D60).
    #[cfg(feature = "debug")]
    pub(crate) fn report_open(&self) {
        if !self.exceptions().debug() {
            return;
        }
        for name in self.left_open() {
            self.report(&ExceptionContext::new(
                Severity::Warning,
                &format!("the loop was closed before {name}"),
            ));
        }
    }

    #[cfg(not(feature = "debug"))]
    #[inline]
    pub(crate) fn report_open(&self) {}
}
