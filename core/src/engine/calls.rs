//! Callbacks of a later turn or time, and the handles on them.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use super::timer_slots::TimerId;
use super::{Engine, Place, Run, Todo};
use crate::event_loop::{Callback, EventLoopExt, LoopClosed, LoopHandle};

/// The longest single wait: a clock that jumps, or a deadline beyond what a
/// system call takes, is looked at again after a day (line E6).
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// A delay that no clock can add to its time ends so far ahead: 30 years.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

impl Engine {
    pub(crate) fn call_soon(self: &Rc<Self>, callback: Callback) -> Result<Handle, LoopClosed> {
        if self.is_closed() {
            return Err(LoopClosed);
        }
        let place = self.push(Run::Call(callback.word_by_word()));
        Ok(Handle {
            engine: Rc::downgrade(self),
            place,
            cancelled: Cell::new(false),
        })
    }

    pub(crate) fn call_at(
        self: &Rc<Self>,
        when: Instant,
        callback: Callback,
    ) -> Result<TimerHandle, LoopClosed> {
        if self.is_closed() {
            return Err(LoopClosed);
        }
        let id = {
            let mut timers = self.timers.borrow_mut();
            let deadline = timers.nanos(when);
            timers.insert(deadline, callback)
        };
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

    /// How long the backend may wait for the earliest timer; None without one.
    pub(super) fn until_timer(&self) -> Option<Duration> {
        let mut timers = self.timers.borrow_mut();
        let when = timers.earliest()?;
        let left = when.saturating_sub(timers.nanos(self.now()));
        // Without a sign: one that is due is 0 away.
        let left = u64::try_from(left).map_or(Duration::ZERO, Duration::from_nanos);
        Some(left.min(LONGEST_WAIT))
    }

    /// Finds the timers whose time has come: they run in this turn.
    pub(super) fn collect_due(&self) {
        let mut timers = self.timers.borrow_mut();
        let Some(earliest) = timers.earliest() else {
            return self.done_with(Todo::TIMERS);
        };
        let now = timers.nanos(self.now());
        if earliest <= now && timers.collect_due(now) {
            self.note(Todo::DUE);
        }
    }
}

/// A callback of `call_soon` that has not run yet. Dropping the handle leaves
/// the callback alone.
pub struct Handle {
    engine: Weak<Engine>,
    place: Place,
    cancelled: Cell<bool>,
}

impl Handle {
    /// Keeps the callback from running and drops it at once. Without effect if
    /// it has run or is running.
    pub fn cancel(&self) {
        self.cancelled.set(true);
        let Some(engine) = self.engine.upgrade() else {
            return;
        };
        let callback = engine.ready.borrow_mut().take_call(self.place);
        drop(callback);
    }

    /// Whether [`cancel`](Self::cancel) was called.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.cancelled.get()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("cancelled", &self.cancelled)
            .finish_non_exhaustive()
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
        let Some(engine) = self.engine.upgrade() else {
            return;
        };
        let callback = engine.timers.borrow_mut().cancel(self.id);
        drop(callback);
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
