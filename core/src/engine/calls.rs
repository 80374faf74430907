//! Callbacks that wait for their time, and the handles on callbacks.

use std::cell::Cell;
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Instant;

use slab::Slab;

use super::{Engine, Place, Run};
use crate::event_loop::{Callback, LoopClosed};

/// The name of a timer's callback; never used again for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CallId {
    /// Grows with each callback, so that equal deadlines keep their order.
    serial: u64,
    index: usize,
}

struct Entry {
    serial: u64,
    /// Whether it is in the heap of the timers, and not yet due.
    timed: bool,
    callback: Callback,
}

/// The callback of every timer that has not run and was not cancelled.
#[derive(Default)]
pub(super) struct Calls {
    entries: Slab<Entry>,
    serial: u64,
}

impl Calls {
    pub(super) fn insert(&mut self, callback: Callback) -> CallId {
        self.serial += 1;
        let serial = self.serial;
        let index = self.entries.insert(Entry {
            serial,
            timed: true,
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
        let place = self.push(Run::Call(callback));
        Ok(Handle {
            engine: Rc::downgrade(self),
            place,
            cancelled: Cell::new(false),
        })
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
    id: CallId,
    when: Instant,
    cancelled: Cell<bool>,
}

impl TimerHandle {
    pub(super) fn new(engine: &Rc<Engine>, id: CallId, when: Instant) -> Self {
        Self {
            engine: Rc::downgrade(engine),
            id,
            when,
            cancelled: Cell::new(false),
        }
    }

    /// Keeps the callback from running and drops it at once (line E7). Without
    /// effect if it has run or is running.
    pub fn cancel(&self) {
        self.cancelled.set(true);
        let Some(engine) = self.engine.upgrade() else {
            return;
        };
        engine.cancel_timer(self.id);
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
