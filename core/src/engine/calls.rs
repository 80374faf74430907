//! Callbacks that wait for their turn or their time, and the handles on them.

use std::cell::Cell;
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Instant;

use slab::Slab;

use super::{Engine, Run};
use crate::event_loop::{Callback, LoopClosed};

/// The name of a callback; never used again for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CallId {
    /// Grows with each callback, so that equal deadlines keep their order.
    serial: u64,
    index: usize,
}

struct Entry {
    serial: u64,
    /// Whether it waits for its time, in the heap of the timers.
    timed: bool,
    callback: Callback,
}

/// Every callback that has not run and was not cancelled.
#[derive(Default)]
pub(super) struct Calls {
    entries: Slab<Entry>,
    serial: u64,
}

impl Calls {
    pub(super) fn insert(&mut self, callback: Callback) -> CallId {
        self.add(callback, false)
    }

    pub(super) fn insert_timed(&mut self, callback: Callback) -> CallId {
        self.add(callback, true)
    }

    fn add(&mut self, callback: Callback, timed: bool) -> CallId {
        self.serial += 1;
        let serial = self.serial;
        let index = self.entries.insert(Entry {
            serial,
            timed,
            callback,
        });
        CallId { serial, index }
    }

    /// Whether a callback waits for its time; until it is due.
    pub(super) fn is_timed(&self, id: CallId) -> bool {
        self.contains(id) && self.entries[id.index].timed
    }

    pub(super) fn set_due(&mut self, id: CallId) {
        if self.contains(id) {
            self.entries[id.index].timed = false;
        }
    }

    /// Takes a callback out. The caller runs or drops it after letting go of
    /// `self`.
    pub(super) fn take(&mut self, id: CallId) -> Option<Callback> {
        self.contains(id)
            .then(|| self.entries.remove(id.index).callback)
    }

    pub(super) fn contains(&self, id: CallId) -> bool {
        self.entries
            .get(id.index)
            .is_some_and(|entry| entry.serial == id.serial)
    }
}

impl Engine {
    pub(crate) fn call_soon(self: &Rc<Self>, callback: Callback) -> Result<Handle, LoopClosed> {
        if self.is_closed() {
            return Err(LoopClosed);
        }
        let id = self.calls.borrow_mut().insert(callback);
        self.push(Run::Call(id));
        Ok(Handle::new(self, id))
    }
}

/// A callback of `call_soon` that has not run yet. Dropping the handle leaves
/// the callback alone.
pub struct Handle {
    engine: Weak<Engine>,
    id: CallId,
    cancelled: Cell<bool>,
}

impl Handle {
    pub(super) fn new(engine: &Rc<Engine>, id: CallId) -> Self {
        Self {
            engine: Rc::downgrade(engine),
            id,
            cancelled: Cell::new(false),
        }
    }

    /// Keeps the callback from running and drops it at once. Without effect if
    /// it has run or is running.
    pub fn cancel(&self) {
        self.cancelled.set(true);
        let Some(engine) = self.engine.upgrade() else {
            return;
        };
        let callback = engine.calls.borrow_mut().take(self.id);
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
    handle: Handle,
    when: Instant,
}

impl TimerHandle {
    pub(super) fn new(engine: &Rc<Engine>, id: CallId, when: Instant) -> Self {
        Self {
            handle: Handle::new(engine, id),
            when,
        }
    }

    /// Keeps the callback from running and drops it at once (line E7). Without
    /// effect if it has run or is running.
    pub fn cancel(&self) {
        self.handle.cancelled.set(true);
        let Some(engine) = self.handle.engine.upgrade() else {
            return;
        };
        engine.cancel_timer(self.handle.id);
    }

    /// Whether [`cancel`](Self::cancel) was called.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.handle.cancelled()
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
