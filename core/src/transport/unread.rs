//! Bytes of the peer that were taken from the connection and not by its user.

use crate::engine::READ_BUFFER;
use crate::protocol::{Outcome, Protocol};

/// Bytes on their way to a protocol. One without a buffer of its own gets all
/// of one read at once (line B52); one that brings its own gets as much as that
/// holds, and the rest in later turns, a buffer each (line B53).
pub(crate) struct Unread {
    bytes: Vec<u8>,
    /// How much of it the protocol has.
    start: usize,
}

impl Unread {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, start: 0 }
    }

    /// Puts bytes behind.
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// What the protocol has not taken.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    /// The memory, for who wants to use it again.
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        self.bytes
    }

    /// Hands bytes to a protocol of either kind. `may_take` says whether the
    /// user still wants some once he has lent his buffer, from inside of which
    /// he may pause or close (lines D17, D53).
    pub(crate) fn feed(
        &mut self,
        protocol: &mut dyn Protocol,
        may_take: impl FnOnce() -> bool,
    ) -> Outcome {
        let rest = &mut self.bytes[self.start..];
        let Some(buffered) = protocol.as_buffered() else {
            let count = rest.len().min(READ_BUFFER);
            self.start += count;
            return protocol.data_received_mut(&mut rest[..count]);
        };
        let space = buffered.buffer(Some(rest.len()))?;
        if space.is_empty() {
            return Err("the protocol's buffer is empty".into());
        }
        if !may_take() {
            return Ok(());
        }
        let count = rest.len().min(space.len());
        space[..count].copy_from_slice(&rest[..count]);
        self.start += count;
        buffered.buffer_updated(count)
    }
}
