//! Bytes between a transport and whoever reads.

use std::cell::RefCell;

/// The least that a read is offered where the limit allows it, in bytes: a
/// request or a few lines.
const SMALLEST: usize = 8 * 1024;

/// The largest buffer that is kept for another stream, in bytes: a stream of the
/// default limit needs no larger one.
const LARGEST_KEPT: usize = 64 * 1024;

/// How many buffers are kept for other streams: as many as connections that
/// often have something to read in one turn.
const KEPT: usize = 64;

/// Bytes in a row: filled from behind, taken from the front.
///
/// The memory is zeroed once and then lent to one stream after the other, so
/// that a stream with nothing to read has none.
#[derive(Default)]
pub(super) struct Buffer {
    space: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    pub(super) fn unread(&self) -> &[u8] {
        &self.space[self.start..self.end]
    }

    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Takes so many bytes from the front, or all if there are fewer.
    pub(super) fn consume(&mut self, count: usize) {
        self.start += count.min(self.len());
    }

    /// Takes bytes from the front into `into`, as many as fit.
    pub(super) fn read(&mut self, into: &mut [u8]) -> usize {
        let count = self.len().min(into.len());
        into[..count].copy_from_slice(&self.unread()[..count]);
        self.consume(count);
        count
    }

    /// Takes so many bytes from the front, or all if there are fewer.
    pub(super) fn take(&mut self, count: usize) -> Vec<u8> {
        let taken = self.unread()[..count.min(self.len())].to_vec();
        self.consume(taken.len());
        taken
    }

    /// Space behind the unread bytes for one read, between 1 and `most` bytes.
    /// It has room for `expected` if nothing is unread; behind what is unread it
    /// grows once less than half of that is free.
    pub(super) fn space(&mut self, expected: usize, most: usize) -> &mut [u8] {
        let most = most.max(1);
        let expected = expected.max(SMALLEST).min(most);
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
        let least = if self.end == 0 {
            expected
        } else {
            expected.div_ceil(2)
        };
        if self.space.len() - self.end < least {
            if self.start > 0 {
                self.space.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            if self.space.len() - self.end < expected {
                self.space.resize(self.end + expected, 0);
            }
        }
        let free = (self.space.len() - self.end).min(most);
        &mut self.space[self.end..self.end + free]
    }

    /// So many bytes of the space were filled.
    pub(super) fn filled(&mut self, count: usize) {
        self.end = self.space.len().min(self.end + count);
    }

    /// Puts bytes in front of the unread ones.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let mut joined = Vec::with_capacity(bytes.len() + self.len());
        joined.extend_from_slice(bytes);
        joined.extend_from_slice(self.unread());
        self.start = 0;
        self.end = joined.len();
        self.space = joined;
    }
}

/// Buffers that no stream of a loop needs just now.
#[derive(Default)]
pub(crate) struct Spare(RefCell<Vec<Vec<u8>>>);

impl Spare {
    /// Gives memory to a buffer that has none.
    pub(super) fn lend(&self, to: &mut Buffer) {
        if to.space.is_empty() {
            // The last one that came back is still in the processor's cache.
            to.space = self.0.borrow_mut().pop().unwrap_or_default();
        }
    }

    /// Takes the memory of a buffer that is empty.
    pub(super) fn take_back(&self, from: &mut Buffer) {
        if !from.is_empty() {
            return;
        }
        let space = std::mem::take(from).space;
        let mut spare = self.0.borrow_mut();
        if (1..=LARGEST_KEPT).contains(&space.len()) && spare.len() < KEPT {
            spare.push(space);
        }
    }

    pub(crate) fn clear(&self) {
        self.0.take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(buffer: &mut Buffer, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let space = buffer.space(SMALLEST, rest.len());
            let count = space.len();
            space.copy_from_slice(&rest[..count]);
            buffer.filled(count);
            rest = &rest[count..];
        }
    }

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(3 * SMALLEST + 7).collect();
        let mut buffer = Buffer::default();
        let mut out = Vec::new();
        for piece in bytes.chunks(1000) {
            fill(&mut buffer, piece);
            out.extend(buffer.take(777));
        }
        out.extend(buffer.take(usize::MAX));
        assert_eq!(out, bytes);
        assert!(buffer.is_empty());
    }

    #[test]
    fn never_offers_more_than_was_asked_for_and_never_nothing() {
        let mut buffer = Buffer::default();
        assert_eq!(buffer.space(SMALLEST, 10).len(), 10);
        assert_eq!(buffer.space(SMALLEST, 0).len(), 1);
        assert_eq!(buffer.space(0, usize::MAX).len(), SMALLEST);
    }

    #[test]
    fn what_is_put_back_comes_first() {
        let mut buffer = Buffer::default();
        fill(&mut buffer, b"later");
        buffer.put_back(b"first ");
        fill(&mut buffer, b" last");
        assert_eq!(buffer.unread(), b"first later last");
    }

    #[test]
    fn memory_goes_from_one_stream_to_the_next() {
        let spare = Spare::default();
        let mut buffer = Buffer::default();
        spare.lend(&mut buffer);
        fill(&mut buffer, b"x");
        spare.take_back(&mut buffer);
        assert_eq!(buffer.unread(), b"x", "it is not empty");
        buffer.consume(1);
        spare.take_back(&mut buffer);
        assert!(buffer.space.is_empty());
        let mut other = Buffer::default();
        spare.lend(&mut other);
        assert!(!other.space.is_empty());
    }

    #[test]
    fn large_memory_is_not_kept() {
        let spare = Spare::default();
        let mut buffer = Buffer::default();
        fill(&mut buffer, &vec![0; LARGEST_KEPT + 1]);
        buffer.consume(usize::MAX);
        spare.take_back(&mut buffer);
        spare.lend(&mut buffer);
        assert!(buffer.space.is_empty());
    }
}
