//! Callbacks that wait for their turn, and the handles on them.

use std::cell::Cell;
use std::fmt;
use std::rc::{Rc, Weak};

use super::{Engine, Run};
use crate::event_loop::{Callback, LoopClosed};

impl Engine {
    #[inline]
    pub(crate) fn call_soon(self: &Rc<Self>, callback: Callback) -> Result<Handle, LoopClosed> {
        if self.is_closed() {
            return Err(LoopClosed);
        }
        Ok(Handle {
            number: self.push(Run::Call(callback)),
            engine: Rc::downgrade(self),
            cancelled: Cell::new(false),
        })
    }

    pub(super) fn run_call(&self, callback: Callback) {
        if let Err(error) = callback() {
            self.report_error("a callback failed", &*error);
        }
    }
}

/// A callback of `call_soon` that has not run yet. Dropping the handle leaves
/// the callback alone.
pub struct Handle {
    engine: Weak<Engine>,
    /// The number of the callback in the ready queue.
    number: u64,
    cancelled: Cell<bool>,
}

impl Handle {
    /// Keeps the callback from running and drops it at once. Without effect if
    /// it has run or is running.
    pub fn cancel(&self) {
        self.cancelled.set(true);
        if let Some(engine) = self.engine.upgrade() {
            let callback = engine.ready.borrow_mut().cancel(self.number);
            drop(callback);
        }
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
