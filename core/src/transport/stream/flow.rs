//! Flow control of the write queue.

use super::{Flags, Stream};
use crate::transport::{Flow, LimitsError};

impl Stream {
    /// What a write answers.
    pub(super) fn flow(&self) -> Flow {
        if self.has(Flags::CLOSING | Flags::ENDING) {
            Flow::Closed
        } else if self.flow.is_full() {
            Flow::Full
        } else {
            Flow::Open
        }
    }

    /// Judges the queue by the marks, and tells the protocol. A file that is
    /// being sent refuses writes, so going on waits for its end (line A57).
    pub(super) fn reflow(&self) {
        let may_resume = !self.has(Flags::TRANSFER);
        let me = (&*self.engine, self.key.get());
        self.flow
            .judge(self.queued.get(), may_resume, &self.protocol, me);
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
