//! What an idle connection does not need.

use std::cell::Cell;
use std::io;

use super::{Handshake, Lingering, Stopping};
use crate::engine::TimerHandle;
use crate::send_file::Active;
use crate::transport::Unread;

/// The parts, which are there together or not at all.
#[derive(Default)]
pub(super) struct Busy(Cell<Option<Box<Parts>>>);

#[derive(Default)]
pub(super) struct Parts {
    /// The handshake, and who waits for it.
    pub(super) handshake: Option<Handshake>,
    /// Who waits for TLS to be taken off.
    pub(super) stopping: Option<Box<Stopping>>,
    /// Bytes of the peer that the coder has not consumed, such as the beginning of
    /// a record that a read has cut.
    pending: Option<Vec<u8>>,
    /// What is decoded and waits for the user.
    pub(super) unread: Option<Unread>,
    /// The file that is being sent.
    pub(super) transfer: Option<Active>,
    /// How long the peer may take to read its alert.
    pub(super) lingering: Option<Lingering>,
    /// The shutdown or the linger timer.
    pub(super) timer: Option<TimerHandle>,
    /// What `connection_lost` will be told.
    pub(super) reason: Option<io::Error>,
}

impl Busy {
    /// Puts something in. No user code may run inside.
    pub(super) fn with<R>(&self, use_parts: impl FnOnce(&mut Parts) -> R) -> R {
        let mut parts = self.0.take().unwrap_or_default();
        let result = use_parts(&mut parts);
        self.0.set(Some(parts));
        result
    }

    /// Takes something out.
    pub(super) fn take<T>(&self, part: impl FnOnce(&mut Parts) -> &mut Option<T>) -> Option<T> {
        let mut parts = self.0.take()?;
        let taken = part(&mut parts).take();
        self.0.set(Some(parts));
        taken
    }

    /// Takes what the coder has not consumed.
    pub(super) fn take_pending(&self) -> Vec<u8> {
        match self.take(|parts| &mut parts.pending) {
            Some(pending) => {
                self.tidy();
                pending
            }
            None => Vec::new(),
        }
    }

    /// Keeps it, where there is something.
    pub(super) fn put_pending(&self, pending: Vec<u8>) {
        if !pending.is_empty() {
            self.with(|parts| parts.pending = Some(pending));
        }
    }

    pub(super) fn has_unread(&self) -> bool {
        let parts = self.0.take();
        let has = parts.as_ref().is_some_and(|parts| parts.unread.is_some());
        self.0.set(parts);
        has
    }

    /// Gives the memory back if nothing is left.
    pub(super) fn tidy(&self) {
        let parts = self.0.take();
        let in_use = parts.as_ref().is_some_and(|parts| {
            parts.handshake.is_some()
                || parts.stopping.is_some()
                || parts.pending.is_some()
                || parts.unread.is_some()
                || parts.transfer.is_some()
                || parts.lingering.is_some()
                || parts.timer.is_some()
                || parts.reason.is_some()
        });
        if in_use {
            self.0.set(parts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pending_is_taken_once_and_nothing_is_kept_for_nothing() {
        let busy = Busy::default();
        busy.put_pending(vec![1, 2]);
        assert_eq!(busy.take_pending(), [1, 2]);
        assert!(busy.take_pending().is_empty());
        busy.put_pending(Vec::with_capacity(10));
        assert!(busy.0.take().is_none(), "memory for nothing");
    }

    #[test]
    fn nothing_is_kept_once_everything_was_taken() {
        let busy = Busy::default();
        busy.with(|parts| parts.reason = Some(io::ErrorKind::Other.into()));
        busy.tidy();
        let parts = busy.0.take();
        assert!(parts.is_some(), "what is in use was given back");
        busy.0.set(parts);
        assert!(busy.take(|parts| &mut parts.reason).is_some());
        busy.tidy();
        assert!(busy.0.take().is_none());
    }
}
