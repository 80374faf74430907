//! Flow control: two bits, what the queue asks for and what the protocol was
//! told.

use super::{Flags, PanicGuard, Stream};
use crate::transport::{Flow, LimitsError, WriteBufferLimits};

/// asyncio's default marks, in bytes (line D45).
pub(super) const HIGH: usize = 64 * 1024;
pub(super) const LOW: usize = HIGH / 4;

impl Stream {
    /// What a write answers.
    pub(super) fn flow(&self) -> Flow {
        if self.has(Flags::CLOSING | Flags::ENDING) {
            Flow::Closed
        } else if self.has(Flags::FULL) {
            Flow::Full
        } else {
            Flow::Open
        }
    }

    /// Judges the queue by the marks, and tells the protocol.
    pub(super) fn reflow(&self) {
        let queued = self.queued.get();
        if self.has(Flags::FULL) {
            // A file that follows refuses writes, so going on waits for its
            // end (line A57).
            if queued <= self.low.get() && !self.has(Flags::TRANSFER) {
                self.clear(Flags::FULL);
            }
        } else if queued > self.high.get() {
            self.set(Flags::FULL);
        }
        let owed = self.has(Flags::FULL) != self.has(Flags::TOLD);
        if owed && !self.has(Flags::OWED) && !self.settle_flow() {
            self.engine.owe(self.key.get());
        }
    }

    /// Tells the protocol what it is owed; false if it is busy. Then the
    /// connection stays marked, and the engine has to ask again.
    pub(super) fn settle_flow(&self) -> bool {
        self.set(Flags::OWED);
        let telling = Telling(self);
        loop {
            let full = self.has(Flags::FULL);
            if full == self.has(Flags::TOLD) || self.has(Flags::ENDING) {
                return true;
            }
            let Some(protocol) = self.protocol.borrow().clone() else {
                return true;
            };
            let Ok(mut protocol) = protocol.try_borrow_mut() else {
                std::mem::forget(telling);
                return false;
            };
            if full {
                self.set(Flags::TOLD);
            } else {
                self.clear(Flags::TOLD);
            }
            let guard = PanicGuard(self);
            let outcome = if full {
                protocol.pause_writing()
            } else {
                protocol.resume_writing()
            };
            std::mem::forget(guard);
            drop(protocol);
            if let Err(error) = outcome {
                let message = if full {
                    "pause_writing failed"
                } else {
                    "resume_writing failed"
                };
                self.engine.report_error(message, &*error);
            }
        }
    }

    pub(super) fn set_limits(
        &self,
        high: Option<usize>,
        low: Option<usize>,
    ) -> Result<(), LimitsError> {
        let high = high.unwrap_or_else(|| low.map_or(HIGH, |low| low.saturating_mul(4)));
        let low = low.unwrap_or(high / 4);
        if low > high {
            return Err(LimitsError { high, low });
        }
        self.high.set(high);
        self.low.set(low);
        self.reflow();
        Ok(())
    }

    pub(super) fn limits(&self) -> WriteBufferLimits {
        WriteBufferLimits {
            low: self.low.get(),
            high: self.high.get(),
        }
    }
}

/// Takes the mark off when the protocol was told, also if it panics: then the
/// next change of the queue tells it again.
struct Telling<'a>(&'a Stream);

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        self.0.clear(Flags::OWED);
    }
}
