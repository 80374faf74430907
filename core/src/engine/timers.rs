//! What runs at a time.

use std::cmp::Reverse;
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};

use dary_heap::QuaternaryHeap;

use super::calls::Calls;
use super::{CallId, Engine, TimerHandle, Todo};
use crate::event_loop::{Callback, EventLoopExt, LoopClosed, LoopHandle};

/// The longest single wait: a clock that jumps, or a deadline beyond what a
/// system call takes, is looked at again after a day (line E6).
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Cancelled timers stay in the heap until there are more of them than this,
/// and more than half of it: asyncio's `_MIN_SCHEDULED_TIMER_HANDLES` and
/// `_MIN_CANCELLED_TIMER_HANDLES_FRACTION` (line E7).
const CANCELLED_KEPT: usize = 100;

/// A delay that no clock can add to its time ends so far ahead: 30 years.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// A time in nanoseconds since the loop was made; negative before. It is half as
/// long as an `Instant`, and reaches 292 years.
type Nanos = i64;

/// Deadlines in a heap. With four children a node it is half as deep as a binary
/// one, and most of its cost is that each level is somewhere else in memory.
pub(super) struct Timers {
    origin: Instant,
    /// Earliest deadline first; equal ones in the order in which they were
    /// made (line E5).
    heap: QuaternaryHeap<Reverse<(Nanos, CallId)>>,
    cancelled: usize,
}

impl Timers {
    pub(super) fn new(origin: Instant) -> Self {
        Self {
            origin,
            heap: QuaternaryHeap::new(),
            cancelled: 0,
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.origin);
    }

    fn nanos(&self, time: Instant) -> Nanos {
        let nanos = |duration: Duration| Nanos::try_from(duration.as_nanos());
        match time.checked_duration_since(self.origin) {
            Some(since) => nanos(since).unwrap_or(Nanos::MAX),
            None => nanos(self.origin - time).map_or(Nanos::MIN, |before| -before),
        }
    }

    fn push(&mut self, when: Instant, id: CallId) {
        let when = self.nanos(when);
        self.heap.push(Reverse((when, id)));
    }

    pub(super) fn len(&self) -> usize {
        self.heap.len() - self.cancelled
    }

    /// The earliest deadline that was not cancelled.
    fn earliest(&mut self, calls: &Calls) -> Option<Nanos> {
        while let Some(&Reverse((when, id))) = self.heap.peek() {
            if calls.contains(id) {
                return Some(when);
            }
            self.heap.pop();
            self.cancelled -= 1;
        }
        None
    }

    fn purge(&mut self, calls: &Calls) {
        if self.cancelled > CANCELLED_KEPT && self.cancelled * 2 > self.heap.len() {
            self.heap.retain(|Reverse((_, id))| calls.contains(*id));
            self.cancelled = 0;
        }
    }
}

impl Engine {
    pub(crate) fn call_at(
        self: &Rc<Self>,
        when: Instant,
        callback: Callback,
    ) -> Result<TimerHandle, LoopClosed> {
        if self.is_closed() {
            return Err(LoopClosed);
        }
        let id = self.calls.borrow_mut().insert(callback);
        self.timers.borrow_mut().push(when, id);
        self.note(Todo::TIMERS);
        Ok(TimerHandle::new(self, id, when))
    }

    pub(crate) fn call_later(
        self: &Rc<Self>,
        delay: Duration,
        callback: Callback,
    ) -> Result<TimerHandle, LoopClosed> {
        let now = self.now();
        let when = now.checked_add(delay).unwrap_or_else(|| now + FAR);
        self.call_at(when, callback)
    }

    /// Waits, without a boxed loop at hand. On a closed loop not at all.
    pub(crate) fn sleep(self: &Rc<Self>, delay: Duration) -> impl Future<Output = ()> + use<> {
        let event_loop = LoopHandle::new(Rc::clone(self));
        async move { event_loop.sleep(delay).await }
    }

    pub(super) fn cancel_timer(&self, id: CallId) {
        let callback = {
            let mut calls = self.calls.borrow_mut();
            // One that is due has left the heap already.
            let timed = calls.is_timed(id);
            let callback = calls.take(id);
            if timed {
                let mut timers = self.timers.borrow_mut();
                timers.cancelled += 1;
                timers.purge(&calls);
            }
            callback
        };
        drop(callback);
    }

    /// How long the backend may wait for the earliest timer; None without one.
    pub(super) fn until_timer(&self) -> Option<Duration> {
        let mut timers = self.timers.borrow_mut();
        let when = timers.earliest(&self.calls.borrow())?;
        let left = when.saturating_sub(timers.nanos(self.now()));
        // Without a sign: one that is due is 0 away.
        let left = u64::try_from(left).map_or(Duration::ZERO, Duration::from_nanos);
        Some(left.min(LONGEST_WAIT))
    }

    /// Moves the timers whose time has come to the queue of this turn.
    pub(super) fn collect_due(&self) {
        let mut calls = self.calls.borrow_mut();
        let mut timers = self.timers.borrow_mut();
        let Some(earliest) = timers.earliest(&calls) else {
            return self.done_with(Todo::TIMERS);
        };
        let now = timers.nanos(self.now());
        if earliest > now {
            return;
        }
        let mut due = self.due.borrow_mut();
        while timers.earliest(&calls).is_some_and(|when| when <= now) {
            if let Some(Reverse((_, id))) = timers.heap.pop() {
                calls.set_due(id);
                due.push_back(id);
                self.note(Todo::DUE);
            }
        }
    }
}
