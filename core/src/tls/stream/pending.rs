//! Bytes of the peer that wait for more.

use std::cell::Cell;

/// What the coder has not consumed, such as the beginning of a record that a
/// read has cut. Few connections have some at a time, so it has a box.
#[derive(Default)]
pub(super) struct Pending(Cell<Option<Box<Bytes>>>);

struct Bytes(Vec<u8>);

impl Pending {
    pub(super) fn take(&self) -> Vec<u8> {
        match self.0.take() {
            Some(bytes) => bytes.0,
            None => Vec::new(),
        }
    }

    /// Keeps bytes, where there are none.
    pub(super) fn put(&self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.0.set(Some(Box::new(Bytes(bytes))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_taken_once_and_nothing_is_kept_for_nothing() {
        let pending = Pending::default();
        pending.put(vec![1, 2]);
        assert_eq!(pending.take(), [1, 2]);
        assert!(pending.take().is_empty());
        pending.put(Vec::with_capacity(10));
        assert!(pending.0.take().is_none(), "memory for nothing");
    }
}
