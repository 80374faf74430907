//! A callback that another thread has queued.

use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::event_loop::IntoOutcome;
use crate::protocol::Outcome;

/// A callback, shared by the queue and its handle.
pub(crate) type SharedCall = Arc<dyn RemoteCall>;

/// A callback of any type.
pub(crate) trait RemoteCall: Send + Sync {
    /// Runs the callback; nobody has a handle on it any more.
    fn run_alone(&mut self) -> Outcome;

    /// Runs the callback, unless it was cancelled.
    fn run_shared(&self) -> Outcome;

    /// Drops the callback, although a handle on it may live on.
    fn abandon(&self);

    fn cancel(&self);

    fn cancelled(&self) -> bool;
}

/// Runs a callback that was queued.
pub(super) fn run(mut call: SharedCall) -> Outcome {
    match Arc::get_mut(&mut call) {
        Some(call) => call.run_alone(),
        None => call.run_shared(),
    }
}

enum State<F> {
    Waiting(F),
    Running {
        on: ThreadId,
        /// Whether somebody waits for the end.
        awaited: bool,
    },
    Over,
}

impl<F> State<F> {
    /// Takes the callback, if it has not begun; it is over then.
    fn take(&mut self) -> Option<F> {
        match mem::replace(self, Self::Over) {
            Self::Waiting(callback) => Some(callback),
            other => {
                *self = other;
                None
            }
        }
    }
}

pub(super) struct Call<F> {
    cancelled: AtomicBool,
    ended: Condvar,
    state: Mutex<State<F>>,
}

impl<F> Call<F> {
    pub(super) fn new(callback: F) -> Self {
        Self {
            cancelled: AtomicBool::new(false),
            ended: Condvar::new(),
            state: Mutex::new(State::Waiting(callback)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<F>> {
        // Nothing is left half-done under the lock, so a panic of another
        // holder changes nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the end of a callback that runs on another thread.
    fn wait(&self, mut state: MutexGuard<'_, State<F>>) {
        let this_thread = thread::current().id();
        while let State::Running { on, awaited } = &mut *state {
            if *on == this_thread {
                return;
            }
            *awaited = true;
            state = self
                .ended
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<F, R> RemoteCall for Call<F>
where
    F: FnOnce() -> R + Send,
    R: IntoOutcome,
{
    fn run_alone(&mut self) -> Outcome {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        match state.take() {
            Some(callback) => callback().into_outcome(),
            None => Ok(()),
        }
    }

    fn run_shared(&self) -> Outcome {
        let callback = {
            let mut state = self.lock();
            let Some(callback) = state.take() else {
                return Ok(());
            };
            *state = State::Running {
                on: thread::current().id(),
                awaited: false,
            };
            callback
        };
        let _over = Over(self);
        callback().into_outcome()
    }

    fn abandon(&self) {
        let callback = self.lock().take();
        drop(callback);
    }

    fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        self.abandon();
        self.wait(self.lock());
    }

    fn cancelled(&self) -> bool {
        self.wait(self.lock());
        self.cancelled.load(Ordering::Acquire)
    }
}

/// Marks a call as over, also when it panics.
struct Over<'a, F>(&'a Call<F>);

impl<F> Drop for Over<'_, F> {
    fn drop(&mut self) {
        let before = mem::replace(&mut *self.0.lock(), State::Over);
        // To tell nobody would be a system call.
        if matches!(before, State::Running { awaited: true, .. }) {
            self.0.ended.notify_all();
        }
    }
}

/// A callback of
/// [`call_soon_threadsafe`](super::Remote::call_soon_threadsafe). Dropping the
/// handle leaves the callback alone.
pub struct RemoteHandle(pub(super) SharedCall);

impl RemoteHandle {
    /// Keeps the callback from running. If it is running on another thread,
    /// this waits until it is over, so that nothing of it goes on afterwards;
    /// from inside the callback it has no effect (line E4).
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Whether [`cancel`](Self::cancel) was called; waits as it does.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

impl fmt::Debug for RemoteHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteHandle").finish_non_exhaustive()
    }
}
