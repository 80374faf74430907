//! Plaintext on its way to the user.
//!
//! A protocol gets all of one read at once (line B52). One that brings its own
//! buffer gets as much as that holds; the rest comes in later turns, a buffer
//! each (line B53), and nothing is decoded meanwhile.

use super::{Flags, State, TlsStream};
use crate::protocol::{Outcome, Protocol};

/// Plaintext that the user has not taken yet.
pub(super) struct Unread {
    bytes: Vec<u8>,
    /// How much of it he has.
    start: usize,
}

impl TlsStream {
    /// Hands plaintext to the user; what comes after his close is discarded
    /// (line B73). False if a callback has failed.
    pub(super) fn deliver(&self, plain: Vec<u8>) -> bool {
        if self.busy.has_unread() {
            self.busy.with(|busy| {
                if let Some(unread) = &mut busy.unread {
                    unread.bytes.extend_from_slice(&plain);
                }
            });
        } else if self.state() == State::Open && !plain.is_empty() {
            return self.offer(Unread {
                bytes: plain,
                start: 0,
            });
        }
        self.engine.return_plain(plain);
        true
    }

    /// Goes on with what is left. False if there is still something left, or if
    /// a callback has failed.
    pub(super) fn deliver_unread(&self) -> bool {
        let Some(unread) = self.busy.take(|busy| &mut busy.unread) else {
            return true;
        };
        self.state() != State::Open || (self.offer(unread) && !self.busy.has_unread())
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
        let outcome = self.call(|protocol| self.feed(protocol, &mut unread));
        if let Some(Err(error)) = outcome {
            self.raised("data_received failed", error);
            return false;
        }
        if unread.start == unread.bytes.len() || self.state() != State::Open {
            self.busy.tidy();
            self.engine.return_plain(unread.bytes);
            return true;
        }
        self.busy.with(|busy| busy.unread = Some(unread));
        if let Some(below) = self.below() {
            below.pause_reading();
        }
        if !self.has(Flags::PAUSED | Flags::TRANSFER) {
            self.queue_turn();
        }
        true
    }

    /// Hands bytes to a protocol of either kind.
    fn feed(&self, protocol: &mut dyn Protocol, unread: &mut Unread) -> Outcome {
        let rest = &mut unread.bytes[unread.start..];
        let count = rest.len();
        let Some(buffered) = protocol.as_buffered() else {
            unread.start += count;
            return protocol.data_received_mut(rest);
        };
        let space = buffered.buffer(Some(count))?;
        if space.is_empty() {
            return Err("the protocol's buffer is empty".into());
        }
        if self.state() != State::Open || self.has(Flags::PAUSED | Flags::TRANSFER) {
            // Paused or closed from inside the call (lines D17, D53).
            return Ok(());
        }
        let count = count.min(space.len());
        space[..count].copy_from_slice(&rest[..count]);
        unread.start += count;
        buffered.buffer_updated(count)
    }
}
