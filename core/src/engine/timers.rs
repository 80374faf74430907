//! What runs at a time.

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use super::deadlines::{Deadline, Deadlines};
use super::{Engine, Todo};
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

/// The name of a timer; never used again for another one.
#[derive(Clone, Copy, Debug)]
struct TimerId {
    serial: u64,
    slot: u32,
}

/// Every timer that has not run. A callback that is cancelled goes at once; its
/// slot goes when the deadline is met, so that deadlines need no name.
#[derive(Default)]
pub(super) struct Timers {
    waiting: Deadlines,
    /// Slots of those whose time has come.
    due: VecDeque<u32>,
    callbacks: Vec<Option<Callback>>,
    /// Which timer has the slot, or had it last.
    serials: Vec<u64>,
    free: Vec<u32>,
    serial: u64,
    /// How many of those that wait or are due were cancelled.
    cancelled: usize,
}

impl Timers {
    /// Timers that have neither run nor been cancelled.
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.due.len() - self.cancelled
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "the order is the serial's lower half; and slots are fewer than 2^32, \
                  of which the memory of no machine has room for the callbacks"
    )]
    fn insert(&mut self, when: i64, callback: Callback) -> TimerId {
        self.serial += 1;
        let serial = self.serial;
        let slot = match self.free.pop() {
            Some(slot) => {
                self.callbacks[slot as usize] = Some(callback);
                self.serials[slot as usize] = serial;
                slot
            }
            None => {
                self.callbacks.push(Some(callback));
                self.serials.push(serial);
                (self.serials.len() - 1) as u32
            }
        };
        self.waiting.push(Deadline {
            when,
            order: serial as u32,
            slot,
        });
        TimerId { serial, slot }
    }

    /// Takes the callback of a timer that has not run. The caller drops it after
    /// letting go of `self`.
    fn cancel(&mut self, id: TimerId) -> Option<Callback> {
        let slot = id.slot as usize;
        if self.serials.get(slot) != Some(&id.serial) {
            return None;
        }
        let callback = self.callbacks[slot].take()?;
        self.cancelled += 1;
        self.purge();
        Some(callback)
    }

    fn purge(&mut self) {
        if self.len() == 0 && self.due.is_empty() {
            return self.clear();
        }
        let before = self.waiting.len();
        if self.cancelled <= CANCELLED_KEPT || self.cancelled * 2 <= before {
            return;
        }
        let (callbacks, free) = (&self.callbacks, &mut self.free);
        self.waiting.retain(|deadline| {
            let kept = callbacks[deadline.slot as usize].is_some();
            if !kept {
                free.push(deadline.slot);
            }
            kept
        });
        self.cancelled -= before - self.waiting.len();
    }

    /// The earliest deadline that was not cancelled.
    fn earliest(&mut self) -> Option<i64> {
        while let Some(earliest) = self.waiting.earliest() {
            // Without a look at the slot, which is in no cache, where there is
            // none to be found.
            if self.cancelled == 0 || self.callbacks[earliest.slot as usize].is_some() {
                return Some(earliest.when);
            }
            self.waiting.pop();
            self.take(earliest.slot);
        }
        None
    }

    /// Moves those whose time has come to the queue of this turn; whether there
    /// are any.
    fn collect(&mut self, now: i64) -> bool {
        while self.earliest().is_some_and(|when| when <= now) {
            self.due
                .extend(self.waiting.pop().map(|deadline| deadline.slot));
        }
        !self.due.is_empty()
    }

    /// Frees a slot whose deadline is met; None if the timer was cancelled.
    fn take(&mut self, slot: u32) -> Option<Callback> {
        self.free.push(slot);
        let callback = self.callbacks[slot as usize].take();
        if callback.is_none() {
            self.cancelled -= 1;
        }
        if self.free.len() == self.callbacks.len() {
            self.clear();
        }
        callback
    }

    /// Begins with the first slot again, once nothing has one any more: they are
    /// freed in no order, and timers that are set one after the other would lie
    /// scattered.
    fn clear(&mut self) {
        self.waiting.clear();
        self.callbacks.clear();
        self.serials.clear();
        self.free.clear();
        self.cancelled = 0;
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
        let deadline = self.nanos(when);
        let id = self.timers.borrow_mut().insert(deadline, callback);
        self.note(Todo::TIMERS);
        Ok(TimerHandle {
            engine: Rc::downgrade(self),
            id,
            when,
            cancelled: Cell::new(false),
        })
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

    /// A time as deadlines have it: nanoseconds since the loop was made, or
    /// before that. What is further away than 292 years counts as that far.
    fn nanos(&self, when: Instant) -> i64 {
        let nanos = |duration: Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        match when.checked_duration_since(self.made) {
            Some(since) => nanos(since),
            None => -nanos(self.made.saturating_duration_since(when)),
        }
    }

    /// How long the backend may wait for the earliest timer; None without one.
    pub(super) fn until_timer(&self) -> Option<Duration> {
        let when = self.timers.borrow_mut().earliest()?;
        let left = when.saturating_sub(self.nanos(self.now()));
        // What is over is not waited for.
        let left = Duration::from_nanos(u64::try_from(left).unwrap_or(0));
        Some(left.min(LONGEST_WAIT))
    }

    /// Moves the timers whose time has come to the queue of this turn.
    pub(super) fn collect_due(&self) {
        let mut timers = self.timers.borrow_mut();
        if timers.earliest().is_none() {
            return self.done_with(Todo::TIMERS);
        }
        if timers.collect(self.nanos(self.now())) {
            self.note(Todo::DUE);
        }
    }

    pub(super) fn run_due(self: &Rc<Self>) {
        loop {
            let callback = {
                let mut timers = self.timers.borrow_mut();
                let Some(slot) = timers.due.pop_front() else {
                    return self.done_with(Todo::DUE);
                };
                timers.take(slot)
            };
            if let Some(callback) = callback {
                self.timed(|| self.run_call(callback));
                self.settle();
            }
        }
    }
}

/// A callback of `call_later` or `call_at` that has not run yet. Dropping the
/// handle leaves the callback alone.
pub struct TimerHandle {
    engine: Weak<Engine>,
    id: TimerId,
    when: Instant,
    cancelled: Cell<bool>,
}

impl TimerHandle {
    /// Keeps the callback from running and drops it at once (line E7). Without
    /// effect if it has run or is running.
    pub fn cancel(&self) {
        self.cancelled.set(true);
        if let Some(engine) = self.engine.upgrade() {
            let callback = engine.timers.borrow_mut().cancel(self.id);
            drop(callback);
        }
    }

    /// Whether [`cancel`](Self::cancel) was called.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.cancelled.get()
    }

    /// The time at which the callback runs or ran, by the loop's clock.
    #[must_use]
    pub fn when(&self) -> Instant {
        self.when
    }
}

impl fmt::Debug for TimerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimerHandle")
            .field("when", &self.when)
            .field("cancelled", &self.cancelled())
            .finish_non_exhaustive()
    }
}
