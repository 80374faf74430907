//! A heap of deadlines.

use std::cmp::Ordering;

/// How many children a node has: four lie within two lines of the cache, and the
/// heap is half as deep as with two.
const CHILDREN: usize = 4;

/// When a timer is due, and where its callback is: as small as can be, because a
/// heap of a million timers is no longer in any cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deadline {
    /// Nanoseconds by the clock of whoever compares them.
    pub(super) when: i64,
    /// Grows with each timer and wraps: equal deadlines keep their order among
    /// the last two thousand million timers (line E5).
    pub(super) order: u32,
    pub(super) slot: u32,
}

impl Deadline {
    fn is_before(&self, other: &Self) -> bool {
        match self.when.cmp(&other.when) {
            Ordering::Less => true,
            Ordering::Equal => self.order.wrapping_sub(other.order) > u32::MAX / 2,
            Ordering::Greater => false,
        }
    }
}

/// Deadlines, the earliest on the top.
#[derive(Debug, Default)]
pub(super) struct Deadlines(Vec<Deadline>);

impl Deadlines {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn earliest(&self) -> Option<Deadline> {
        self.0.first().copied()
    }

    pub(super) fn push(&mut self, deadline: Deadline) {
        self.0.push(deadline);
        self.rise(self.0.len() - 1, deadline);
    }

    pub(super) fn pop(&mut self) -> Option<Deadline> {
        let last = self.0.pop()?;
        let Some(&earliest) = self.0.first() else {
            return Some(last);
        };
        // What was last belongs near the bottom: the gap goes all the way down,
        // and it rises from there. That compares less than going down with it.
        let mut gap = 0;
        while let Some(child) = self.earliest_child(gap) {
            self.0[gap] = self.0[child];
            gap = child;
        }
        self.rise(gap, last);
        Some(earliest)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Keeps those that `keep` says yes to.
    pub(super) fn retain(&mut self, keep: impl FnMut(&Deadline) -> bool) {
        self.0.retain(keep);
        let parents = self.0.len().div_ceil(CHILDREN);
        for node in (0..parents).rev() {
            self.sink(node);
        }
    }

    fn earliest_child(&self, node: usize) -> Option<usize> {
        let first = node * CHILDREN + 1;
        let children = self.0.get(first..)?;
        let children = &children[..children.len().min(CHILDREN)];
        let mut found = children.first()?;
        let mut at = 0;
        for (place, child) in children.iter().enumerate().skip(1) {
            if child.is_before(found) {
                (found, at) = (child, place);
            }
        }
        Some(first + at)
    }

    /// Puts a deadline where the gap is, or as far above as it belongs.
    fn rise(&mut self, mut gap: usize, deadline: Deadline) {
        while gap > 0 {
            let parent = (gap - 1) / CHILDREN;
            if !deadline.is_before(&self.0[parent]) {
                break;
            }
            self.0[gap] = self.0[parent];
            gap = parent;
        }
        self.0[gap] = deadline;
    }

    /// Puts a deadline as far below as it belongs.
    fn sink(&mut self, mut node: usize) {
        let deadline = self.0[node];
        while let Some(child) = self.earliest_child(node) {
            if !self.0[child].is_before(&deadline) {
                break;
            }
            self.0[node] = self.0[child];
            node = child;
        }
        self.0[node] = deadline;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deadlines in no order, many of them equal.
    fn scattered(count: u32) -> Vec<Deadline> {
        let of = |order: u32| Deadline {
            when: i64::from(order.wrapping_mul(2_654_435_761) % 50),
            order,
            slot: order,
        };
        (0..count).map(of).collect()
    }

    fn sorted(mut deadlines: Vec<Deadline>) -> Vec<Deadline> {
        deadlines.sort_by_key(|deadline| (deadline.when, deadline.order));
        deadlines
    }

    fn emptied(mut heap: Deadlines) -> Vec<Deadline> {
        std::iter::from_fn(|| heap.pop()).collect()
    }

    #[test]
    fn they_come_by_time_and_equal_ones_in_order() {
        for count in [0, 1, 2, 5, 6, 21, 22, 300] {
            let mut heap = Deadlines::default();
            for deadline in scattered(count) {
                heap.push(deadline);
            }
            assert_eq!(emptied(heap), sorted(scattered(count)), "{count}");
        }
    }

    #[test]
    fn the_order_of_equal_ones_outlives_a_wrap() {
        let mut heap = Deadlines::default();
        for step in 0..10 {
            heap.push(Deadline {
                when: 7,
                order: (u32::MAX - 4).wrapping_add(step),
                slot: step,
            });
        }
        let slots: Vec<u32> = emptied(heap).iter().map(|deadline| deadline.slot).collect();
        assert_eq!(slots, (0..10).collect::<Vec<u32>>());
    }

    #[test]
    fn what_is_kept_stays_in_order() {
        for count in [1, 4, 5, 6, 100, 333] {
            let kept = |deadline: &Deadline| deadline.slot % 3 != 1;
            let mut heap = Deadlines::default();
            for deadline in scattered(count) {
                heap.push(deadline);
            }
            heap.retain(kept);
            let mut wanted = sorted(scattered(count));
            wanted.retain(kept);
            assert_eq!(emptied(heap), wanted, "{count}");
        }
    }

    #[test]
    fn pushes_and_pops_may_alternate() {
        let mut heap = Deadlines::default();
        let mut wanted = Vec::new();
        for (step, deadline) in scattered(500).into_iter().enumerate() {
            heap.push(deadline);
            wanted.push(deadline);
            if step % 3 == 0 {
                wanted = sorted(wanted);
                assert_eq!(heap.pop(), Some(wanted.remove(0)));
            }
        }
        assert_eq!(emptied(heap), sorted(wanted));
    }
}
