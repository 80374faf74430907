//! Callbacks that another thread has queued.

use std::cell::Cell;
use std::fmt;
use std::sync::{Condvar, Mutex, PoisonError};

use super::Engine;
use super::remote::{SPARES, lock};
use crate::protocol::Outcome;
use crate::sys::{Claim, Held, Queued, Running, Spare};

/// Where all threads of the process wait for the ends of callbacks: too seldom for
/// each callback to have a place of its own.
static WAITING: Mutex<()> = Mutex::new(());
static ENDED: Condvar = Condvar::new();

thread_local! {
    /// The address of the callback that runs in this thread while somebody has a
    /// handle on it; 0 without one.
    static RUNNING_HERE: Cell<usize> = const { Cell::new(0) };
}

impl Engine {
    /// Runs a callback that was queued, unless it was cancelled.
    #[inline]
    pub(super) fn run_remote(&self, call: Queued) -> Outcome {
        match call.claim() {
            Claim::Alone(callback, spare) => {
                self.keep_spare(spare);
                callback.call()
            }
            Claim::Shared(callback, running) => {
                let _end = End::of(running);
                callback.call()
            }
            Claim::Cancelled => Ok(()),
        }
    }

    fn keep_spare(&self, spare: Spare) {
        let mut spares = self.spares.borrow_mut();
        if spares.len() < SPARES {
            spares.push(spare);
        }
    }
}

/// Says that a callback is over, also when it panics.
struct End(Option<Running>);

impl End {
    fn of(running: Running) -> Self {
        RUNNING_HERE.set(running.address());
        Self(Some(running))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        RUNNING_HERE.set(0);
        // To tell nobody would be a system call.
        if self.0.take().is_some_and(Running::end) {
            // Whoever has asked for it holds the lock until it waits.
            drop(lock(&WAITING));
            ENDED.notify_all();
        }
    }
}

/// A callback of
/// [`call_soon_threadsafe`](super::Remote::call_soon_threadsafe). Dropping the
/// handle leaves the callback alone.
pub struct RemoteHandle(pub(super) Held);

impl RemoteHandle {
    /// Keeps the callback from running. If it is running on another thread,
    /// this waits until it is over, so that nothing of it goes on afterwards;
    /// from inside the callback it has no effect (line E4).
    pub fn cancel(&self) {
        match self.0.cancel() {
            Some(callback) => drop(callback),
            None => self.wait(),
        }
    }

    /// Whether [`cancel`](Self::cancel) was called; waits as it does.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.wait();
        self.0.cancelled()
    }

    /// Waits for the end of a callback that runs on another thread.
    fn wait(&self) {
        if !self.0.is_running() || RUNNING_HERE.get() == self.0.address() {
            return;
        }
        let mut waiting = lock(&WAITING);
        while self.0.await_end() {
            waiting = ENDED.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl fmt::Debug for RemoteHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteHandle").finish_non_exhaustive()
    }
}
