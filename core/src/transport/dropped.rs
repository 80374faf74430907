//! Writes to a connection that takes none any more.

use std::cell::Cell;

use crate::engine::{Engine, ExceptionContext, Severity};

/// So many dropped writes are quiet; asyncio's
/// `LOG_THRESHOLD_FOR_CONNLOST_WRITES` (lines D49, B81).
const QUIET: u8 = 5;

/// How many writes a connection has dropped.
#[derive(Debug, Default)]
pub(crate) struct DroppedWrites(Cell<u8>);

impl DroppedWrites {
    /// Counts one, and warns once there are many.
    pub(crate) fn note(&self, engine: &Engine) {
        let drops = self.0.get().saturating_add(1);
        self.0.set(drops);
        if drops == QUIET {
            engine.report(&ExceptionContext::new(
                Severity::Warning,
                "data is being written to a connection that is closing or lost",
            ));
        }
    }
}
