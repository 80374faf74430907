//! What waits to be sent.

use std::collections::VecDeque;
use std::io::IoSlice;

/// Small writes are joined up to this size, in bytes: a page table's worth of
/// iovecs costs more than copying.
const JOINED: usize = 16 * 1024;

/// How many chunks one system call takes; with chunks of [`JOINED`] bytes that
/// is more than a socket's buffer. Linux allows 1024 (`IOV_MAX`, line D39).
pub(super) const SLICES: usize = 64;

/// What waits to be sent, in order.
#[derive(Debug, Default)]
pub(super) struct WriteQueue {
    chunks: VecDeque<Vec<u8>>,
    /// How much of the first chunk has left.
    taken: usize,
}

impl WriteQueue {
    pub(super) fn push(&mut self, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        if let Some(last) = self.chunks.back_mut() {
            if last.len() + data.len() <= JOINED {
                last.extend_from_slice(data);
                return;
            }
        }
        self.chunks.push_back(data.to_vec());
    }

    /// The first chunks, for one vectored write; and how many there are.
    pub(super) fn slices<'a>(&'a self, into: &mut [IoSlice<'a>; SLICES]) -> usize {
        let mut skip = self.taken;
        let mut count = 0;
        for (slice, chunk) in into.iter_mut().zip(&self.chunks) {
            *slice = IoSlice::new(&chunk[skip..]);
            skip = 0;
            count += 1;
        }
        count
    }

    /// Forgets the first `sent` bytes.
    pub(super) fn advance(&mut self, mut sent: usize) {
        while let Some(first) = self.chunks.front() {
            let left = first.len() - self.taken;
            if sent < left {
                self.taken += sent;
                return;
            }
            sent -= left;
            self.taken = 0;
            self.chunks.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(queue: &WriteQueue) -> Vec<Vec<u8>> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let count = queue.slices(&mut slices);
        slices[..count].iter().map(|slice| slice.to_vec()).collect()
    }

    #[test]
    fn joins_small_writes_and_keeps_large_ones_apart() {
        let mut queue = WriteQueue::default();
        queue.push(b"one");
        queue.push(b"two");
        queue.push(&vec![7; JOINED]);
        assert_eq!(content(&queue), [b"onetwo".to_vec(), vec![7; JOINED]]);
    }

    #[test]
    fn advances_within_and_across_chunks() {
        let mut queue = WriteQueue::default();
        queue.push(&vec![1; JOINED]);
        queue.push(&vec![2; JOINED]);
        queue.advance(JOINED - 1);
        assert_eq!(content(&queue), [vec![1; 1], vec![2; JOINED]]);
        queue.advance(2);
        assert_eq!(content(&queue), [vec![2; JOINED - 1]]);
        queue.advance(JOINED - 1);
        assert!(content(&queue).is_empty());
    }

    #[test]
    fn an_empty_write_leaves_no_chunk() {
        let mut queue = WriteQueue::default();
        queue.push(b"");
        assert!(content(&queue).is_empty());
    }
}
