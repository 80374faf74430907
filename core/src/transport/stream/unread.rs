//! What a layer above has left when it was taken off.

use super::{Flags, Stream};
use crate::engine::Errand;
use crate::transport::{Returned, StreamIo, Unread};

impl<S: StreamIo> Stream<S> {
    /// The layer is gone. What it leaves is delivered in a turn of its own, in
    /// which the user has the connection; nothing is read before, even if it
    /// leaves nothing.
    pub(super) fn put_back(&self, returned: Returned) {
        self.flow.take_over(returned.writing_paused);
        if !returned.unread.is_empty() {
            self.with_busy(|busy| busy.unread = Some(Unread::new(returned.unread)));
        }
        self.set(Flags::UNREAD);
        self.engine.push(Errand::Later(self.key.get()));
    }

    /// The user wants data again.
    pub(super) fn queue_unread(&self) {
        self.engine.push(Errand::Later(self.key.get()));
    }

    /// Whether what is left may be delivered now.
    fn wants_unread(&self) -> bool {
        !self.has(Flags::PAUSED | Flags::CLOSING | Flags::TRANSFER | Flags::ENDING)
    }

    pub(super) fn go_on(&self) {
        self.reflow();
        if self.has(Flags::UNREAD) && self.wants_unread() {
            self.deliver_unread();
        }
    }

    fn deliver_unread(&self) {
        let Some(mut unread) = self.take_busy(|busy| &mut busy.unread) else {
            self.clear(Flags::UNREAD);
            return self.update_interest();
        };
        let fed = self.call(|protocol| unread.feed(protocol, || self.wants_unread()));
        match fed {
            Some(Err(error)) => return self.raised("data_received failed", error),
            _ if self.has(Flags::ENDING) => return,
            _ => {}
        }
        if unread.is_empty() {
            self.clear(Flags::UNREAD);
            self.release_busy();
            return self.update_interest();
        }
        self.with_busy(|busy| busy.unread = Some(unread));
        if self.wants_unread() {
            self.queue_unread();
        }
    }
}
