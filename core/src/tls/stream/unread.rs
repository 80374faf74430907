//! Plaintext on its way to the user, who may not want it yet.

use super::{Flags, State, TlsStream};
use crate::transport::{Returned, Unread};

impl TlsStream {
    /// Hands plaintext to the user; what comes after his close is discarded
    /// (line B73). False if a callback has failed.
    pub(super) fn deliver(&self, plain: Vec<u8>) -> bool {
        if self.busy.has_unread() {
            self.busy.with(|busy| {
                if let Some(unread) = &mut busy.unread {
                    unread.append(&plain);
                }
            });
        } else if self.delivers() && !plain.is_empty() {
            let unread = Unread::new(plain);
            if self.state() == State::Stopping && self.has(Flags::PAUSED) {
                self.hold(unread);
                return true;
            }
            return self.offer(unread);
        }
        self.engine.return_plain(plain);
        true
    }

    /// Whether what the peer has sent is still the user's.
    pub(super) fn delivers(&self) -> bool {
        matches!(self.state(), State::Open | State::Stopping)
    }

    /// Goes on with what is left. False if there is still something left, or if
    /// a callback has failed.
    pub(super) fn deliver_unread(&self) -> bool {
        let Some(unread) = self.busy.take(|busy| &mut busy.unread) else {
            return true;
        };
        !self.delivers() || (self.offer(unread) && !self.busy.has_unread())
    }

    /// The last that came before an error of the peer: all of it, at once.
    pub(super) fn deliver_rest(&self) {
        while self.busy.has_unread() && !self.has(Flags::PAUSED) {
            if self.deliver_unread() {
                return;
            }
        }
    }

    fn offer(&self, mut unread: Unread) -> bool {
        let wanted = || self.delivers() && !self.has(Flags::PAUSED | Flags::TRANSFER);
        let outcome = self.call(|protocol| unread.feed(protocol, wanted));
        if let Some(Err(error)) = outcome {
            self.raised("data_received failed", error);
            return false;
        }
        if unread.is_empty() || !self.delivers() {
            self.busy.tidy();
            self.engine.return_plain(unread.into_buffer());
            return true;
        }
        self.hold(unread);
        true
    }

    /// A layer above is gone. What it leaves is delivered in a turn of its own.
    pub(super) fn put_back(&self, returned: Returned) {
        self.flow.take_over(returned.writing_paused);
        if !returned.unread.is_empty() {
            self.hold(Unread::new(returned.unread));
        }
        self.queue_turn();
    }

    /// Keeps what the user has not taken; nothing is decoded meanwhile.
    pub(super) fn hold(&self, unread: Unread) {
        self.busy.with(|busy| match &mut busy.unread {
            // A layer above was taken off meanwhile, and has left some.
            Some(first) => first.append(unread.rest()),
            None => busy.unread = Some(unread),
        });
        if let Some(below) = self.below() {
            below.pause_reading();
        }
        if !self.has(Flags::PAUSED | Flags::TRANSFER) {
            self.queue_turn();
        }
    }
}
