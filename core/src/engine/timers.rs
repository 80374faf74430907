//! Callbacks that wait for their time.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::mem;
use std::time::{Duration, Instant};

use dary_heap::QuaternaryHeap;

use super::timer_slots::{TimerId, TimerSlots};
use crate::event_loop::Callback;

/// Cancelled timers stay in the heap until there are more of them than this,
/// and more than half of it: asyncio's `_MIN_SCHEDULED_TIMER_HANDLES` and
/// `_MIN_CANCELLED_TIMER_HANDLES_FRACTION` (line E7).
const CANCELLED_KEPT: usize = 100;

/// A time in nanoseconds since the loop was made; negative before. It is half as
/// long as an `Instant`, and reaches 292 years.
pub(super) type Nanos = i64;

/// A deadline in the heap, 16 bytes long: four of them, the children of a node,
/// are as long as a line of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Deadline {
    when: Nanos,
    /// No other one in the heap has it, or among those that are due. Equal
    /// deadlines come in the order in which they were set (line E5).
    number: u32,
    slot: u32,
}

/// Every timer that has not run. With four children a node the heap is half as
/// deep as a binary one, and most of its cost is that each level is somewhere else
/// in memory; for the same reason the callbacks lie beside it, and nobody looks at
/// them before they run, unless something was cancelled.
pub(super) struct Timers {
    origin: Instant,
    heap: QuaternaryHeap<Reverse<Deadline>>,
    /// Those whose time has come.
    due: VecDeque<Deadline>,
    /// The number of the next deadline.
    number: u32,
    slots: TimerSlots,
    /// How many of those in the heap and of those that are due were cancelled:
    /// their slots are free, or another timer's.
    cancelled: usize,
}

impl Timers {
    pub(super) fn new(origin: Instant) -> Self {
        Self {
            origin,
            heap: QuaternaryHeap::new(),
            due: VecDeque::new(),
            number: 0,
            slots: TimerSlots::default(),
            cancelled: 0,
        }
    }

    /// Takes everything out, for the caller to drop after letting go of `self`.
    pub(super) fn take_all(&mut self) -> Self {
        let origin = self.origin;
        mem::replace(self, Self::new(origin))
    }

    pub(super) fn nanos(&self, time: Instant) -> Nanos {
        let nanos = |duration: Duration| Nanos::try_from(duration.as_nanos());
        match time.checked_duration_since(self.origin) {
            Some(since) => nanos(since).unwrap_or(Nanos::MAX),
            None => nanos(self.origin - time).map_or(Nanos::MIN, |before| -before),
        }
    }

    /// How many have neither run nor been cancelled.
    pub(super) fn len(&self) -> usize {
        self.heap.len() + self.due.len() - self.cancelled
    }

    pub(super) fn insert(&mut self, when: Nanos, callback: Callback) -> TimerId {
        if self.number == u32::MAX {
            self.number_again();
        }
        let number = self.number;
        self.number += 1;
        let id = self.slots.insert(number, callback);
        let slot = id.slot();
        self.heap.push(Reverse(Deadline { when, number, slot }));
        id
    }

    /// Begins to count from 0, without a change of order.
    fn number_again(&mut self) {
        self.purge();
        let mut heap = mem::take(&mut self.heap).into_vec();
        heap.sort_unstable_by_key(|&Reverse(deadline)| deadline);
        let in_heap = heap.iter_mut().map(|Reverse(deadline)| deadline);
        self.number = 0;
        for deadline in self.due.iter_mut().chain(in_heap) {
            if self.slots.holds(deadline.slot, deadline.number) {
                self.slots.renumber(deadline.slot, self.number);
            }
            deadline.number = self.number;
            self.number += 1;
        }
        self.heap = heap.into();
    }

    /// Cancels a timer that has not run. The caller drops the callback after
    /// letting go of `self`.
    pub(super) fn cancel(&mut self, id: TimerId) -> Option<Callback> {
        let callback = self.slots.cancel(id)?;
        self.cancelled += 1;
        if self.cancelled > CANCELLED_KEPT && self.cancelled * 2 > self.heap.len() {
            self.purge();
        }
        Some(callback)
    }

    /// Takes what was cancelled out of the heap.
    fn purge(&mut self) {
        let before = self.heap.len();
        let slots = &self.slots;
        self.heap
            .retain(|&Reverse(deadline)| slots.holds(deadline.slot, deadline.number));
        self.cancelled -= before - self.heap.len();
    }

    /// The earliest deadline that was not cancelled.
    pub(super) fn earliest(&mut self) -> Option<Nanos> {
        while let Some(&Reverse(deadline)) = self.heap.peek() {
            if self.cancelled == 0 || self.slots.holds(deadline.slot, deadline.number) {
                return Some(deadline.when);
            }
            self.heap.pop();
            self.cancelled -= 1;
        }
        None
    }

    /// Notes which timers are due now; answers whether there are any.
    pub(super) fn collect_due(&mut self, now: Nanos) -> bool {
        while let Some(&Reverse(deadline)) = self.heap.peek() {
            if deadline.when > now {
                break;
            }
            self.heap.pop();
            self.due.push_back(deadline);
        }
        !self.due.is_empty()
    }

    /// Takes the callback of the next one that is due.
    pub(super) fn pop_due(&mut self) -> Option<Callback> {
        while let Some(deadline) = self.due.pop_front() {
            let callback = self.slots.take(deadline.slot, deadline.number);
            if callback.is_some() {
                return callback;
            }
            self.cancelled -= 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    /// Timers that write their names down.
    struct Diary {
        timers: Timers,
        names: Rc<RefCell<Vec<u32>>>,
    }

    impl Diary {
        fn new() -> Self {
            Self {
                timers: Timers::new(Instant::now()),
                names: Rc::default(),
            }
        }

        fn set(&mut self, when: Nanos, name: u32) -> TimerId {
            let names = Rc::clone(&self.names);
            self.timers
                .insert(when, Callback::new(move || names.borrow_mut().push(name)))
        }

        fn run(&mut self, now: Nanos) -> Vec<u32> {
            self.timers.collect_due(now);
            while let Some(callback) = self.timers.pop_due() {
                callback.call().expect("no error");
            }
            self.names.take()
        }
    }

    #[test]
    fn equal_deadlines_keep_their_order() {
        let mut diary = Diary::new();
        for name in 0..100 {
            diary.set(i64::from(name % 3), name);
        }
        let mut expected: Vec<_> = (0..100).collect();
        expected.sort_by_key(|name| name % 3);
        assert_eq!(diary.run(2), expected);
    }

    #[test]
    fn the_order_outlives_the_numbers() {
        let mut diary = Diary::new();
        diary.timers.number = u32::MAX - 50;
        diary.set(1, 1000);
        let gone = diary.set(1, 1001);
        assert!(diary.timers.collect_due(1));
        diary.timers.cancel(gone);
        let ids: Vec<_> = (0..100).map(|name| diary.set(7, name)).collect();
        assert!(diary.timers.number < u32::MAX - 50);
        assert!(diary.timers.cancel(ids[3]).is_some());
        assert!(diary.timers.cancel(ids[90]).is_some());
        let mut expected: Vec<_> = (0..100).filter(|name| ![3, 90].contains(name)).collect();
        expected.insert(0, 1000);
        assert_eq!(diary.run(7), expected);
        assert_eq!((diary.timers.len(), diary.timers.cancelled), (0, 0));
    }

    #[test]
    fn what_was_cancelled_leaves_nothing() {
        let mut diary = Diary::new();
        let ids: Vec<_> = (0..1000).map(|name| diary.set(5, name)).collect();
        for id in &ids[..999] {
            assert!(diary.timers.cancel(*id).is_some());
            assert!(diary.timers.cancel(*id).is_none());
        }
        assert_eq!(diary.timers.len(), 1);
        assert!(diary.timers.heap.len() <= 2 * CANCELLED_KEPT);
        assert_eq!(diary.timers.earliest(), Some(5));
        assert_eq!(diary.run(5), [999]);
        assert_eq!((diary.timers.len(), diary.timers.cancelled), (0, 0));
        assert_eq!(diary.timers.earliest(), None);
    }

    #[test]
    fn one_that_is_due_can_be_cancelled() {
        let mut diary = Diary::new();
        diary.set(1, 1);
        let second = diary.set(2, 2);
        diary.set(9, 9);
        assert!(diary.timers.collect_due(2));
        assert!(diary.timers.cancel(second).is_some());
        // It has the slot of the other one.
        diary.set(3, 3);
        assert_eq!(diary.timers.len(), 3);
        assert_eq!(diary.run(2), [1]);
        assert_eq!(diary.run(3), [3]);
        assert_eq!(diary.timers.len(), 1);
        assert_eq!(diary.run(9), [9]);
    }

    #[test]
    fn a_name_is_never_that_of_another_timer() {
        let mut diary = Diary::new();
        let old = diary.set(1, 1);
        diary.run(1);
        diary.set(2, 2);
        assert!(diary.timers.cancel(old).is_none());
        assert_eq!(diary.run(2), [2]);
    }
}
