//! Flow control of the write queue.

use super::{Flags, PanicGuard, Stream, StreamIo};
use crate::engine::Debt;
use crate::transport::{Flow, LimitsError};

impl<S: StreamIo> Stream<S> {
    /// What a write answers.
    pub(super) fn flow(&self) -> Flow {
        if self.has(Flags::CLOSING | Flags::ENDING) {
            Flow::Closed
        } else {
            self.open_flow()
        }
    }

    /// What a write answers on a connection that is open.
    #[inline]
    pub(super) fn open_flow(&self) -> Flow {
        if self.flow.is_full() {
            Flow::Full
        } else {
            Flow::Open
        }
    }

    /// Judges the queue by the marks, and tells the protocol. A file that is
    /// being sent refuses writes, so going on waits for its end (line A57).
    pub(super) fn reflow(&self) {
        let may_resume = !self.has(Flags::TRANSFER);
        if self.flow.judge(self.queued.get(), may_resume) && !self.settle_flow() {
            self.engine.owe(Debt::Connection(self.key.get()));
        }
    }

    /// Tells the protocol what it is owed; false if it is busy. Then the
    /// connection stays marked, and the engine has to ask again.
    pub(super) fn settle_flow(&self) -> bool {
        let guard = PanicGuard(self);
        let told = self.flow.settle(&self.protocol, &self.engine);
        std::mem::forget(guard);
        told
    }

    pub(super) fn set_limits(
        &self,
        high: Option<usize>,
        low: Option<usize>,
    ) -> Result<(), LimitsError> {
        self.flow.set_limits(high, low)?;
        self.reflow();
        Ok(())
    }
}
