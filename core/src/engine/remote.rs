//! The door for other threads.

use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::backend::Waker;
use crate::event_loop::{IntoOutcome, LoopClosed};
use crate::protocol::Outcome;
use crate::task::TaskId;

/// What other threads and the loop share.
pub(crate) struct Shared {
    queue: Mutex<Queue>,
    /// Whether the queue has something: read once a turn without the lock.
    pending: AtomicBool,
    waker: Waker,
}

#[derive(Default)]
struct Queue {
    items: Vec<RemoteItem>,
    closed: bool,
}

pub(crate) enum RemoteItem {
    Call(Arc<RemoteCall>),
    Task(TaskId),
    Stop,
}

impl Shared {
    pub(super) fn new(waker: Waker) -> Self {
        Self {
            queue: Mutex::default(),
            pending: AtomicBool::new(false),
            waker,
        }
    }

    /// Queues an item and wakes the loop, once for all items since it last
    /// looked.
    pub(crate) fn push(&self, item: RemoteItem) -> Result<(), LoopClosed> {
        {
            let mut queue = lock(&self.queue);
            if queue.closed {
                return Err(LoopClosed);
            }
            queue.items.push(item);
        }
        if !self.pending.swap(true, Ordering::AcqRel) {
            self.waker.wake();
        }
        Ok(())
    }

    #[inline]
    pub(super) fn is_pending(&self) -> bool {
        self.pending.load(Ordering::Relaxed)
    }

    pub(super) fn take(&self) -> Vec<RemoteItem> {
        // First the flag, then the queue: an item that is pushed in between
        // wakes the loop again, for nothing at worst.
        if !self.pending.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        mem::take(&mut lock(&self.queue).items)
    }

    pub(super) fn close(&self) {
        let items = {
            let mut queue = lock(&self.queue);
            queue.closed = true;
            mem::take(&mut queue.items)
        };
        for item in items {
            if let RemoteItem::Call(call) = item {
                call.abandon();
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half-done under these locks, so a panic of another
    // holder changes nothing.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A loop as other threads may use it.
///
/// ```
/// use loopline_core::Remote;
///
/// fn finish(remote: Remote) {
///     std::thread::spawn(move || {
///         let _ = remote.call_soon_threadsafe(|| println!("on the loop's thread"));
///         remote.stop();
///     });
/// }
/// ```
#[derive(Clone)]
pub struct Remote(Arc<Shared>);

impl Remote {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Runs a callback on the loop's thread, in order with `call_soon`
    /// (line E3), and wakes the loop for it.
    ///
    /// # Errors
    ///
    /// [`LoopClosed`] once the loop is closed.
    pub fn call_soon_threadsafe<R: IntoOutcome>(
        &self,
        callback: impl FnOnce() -> R + Send + 'static,
    ) -> Result<RemoteHandle, LoopClosed> {
        let call = Arc::new(RemoteCall::new(Box::new(move || callback().into_outcome())));
        self.0.push(RemoteItem::Call(Arc::clone(&call)))?;
        Ok(RemoteHandle(call))
    }

    /// Stops the loop as [`EventLoop::stop`](crate::EventLoop::stop) does. On a
    /// closed loop nothing happens.
    pub fn stop(&self) {
        let _ = self.0.push(RemoteItem::Stop);
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").finish_non_exhaustive()
    }
}

type SendCallback = Box<dyn FnOnce() -> Outcome + Send>;

enum CallState {
    Waiting(SendCallback),
    Running(ThreadId),
    Over,
}

/// A callback that another thread queued.
pub(crate) struct RemoteCall {
    state: Mutex<CallState>,
    ended: Condvar,
    cancelled: AtomicBool,
}

impl RemoteCall {
    fn new(callback: SendCallback) -> Self {
        Self {
            state: Mutex::new(CallState::Waiting(callback)),
            ended: Condvar::new(),
            cancelled: AtomicBool::new(false),
        }
    }

    /// Drops the callback, although a handle on it may live on.
    pub(super) fn abandon(&self) {
        let dropped = {
            let mut state = lock(&self.state);
            match &*state {
                CallState::Waiting(_) => mem::replace(&mut *state, CallState::Over),
                CallState::Running(_) | CallState::Over => return,
            }
        };
        drop(dropped);
    }

    /// Runs the callback, unless it was cancelled.
    pub(super) fn run(&self) -> Outcome {
        let callback = {
            let mut state = lock(&self.state);
            match mem::replace(&mut *state, CallState::Over) {
                CallState::Waiting(callback) => {
                    *state = CallState::Running(thread::current().id());
                    callback
                }
                other => {
                    *state = other;
                    return Ok(());
                }
            }
        };
        let _over = Over(self);
        callback()
    }
}

/// Marks a call as over, also when it panics.
struct Over<'a>(&'a RemoteCall);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        *lock(&self.0.state) = CallState::Over;
        self.0.ended.notify_all();
    }
}

/// A callback of
/// [`call_soon_threadsafe`](Remote::call_soon_threadsafe). Dropping the handle
/// leaves the callback alone.
pub struct RemoteHandle(Arc<RemoteCall>);

impl RemoteHandle {
    /// Keeps the callback from running. If it is running on another thread,
    /// this waits until it is over, so that nothing of it goes on afterwards;
    /// from inside the callback it has no effect (line E4).
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Release);
        self.0.abandon();
        self.wait(lock(&self.0.state));
    }

    /// Whether [`cancel`](Self::cancel) was called; waits as it does.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.wait(lock(&self.0.state));
        self.0.cancelled.load(Ordering::Acquire)
    }

    fn wait(&self, mut state: MutexGuard<'_, CallState>) {
        let this_thread = thread::current().id();
        while matches!(&*state, CallState::Running(on) if *on != this_thread) {
            state = self
                .0
                .ended
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl fmt::Debug for RemoteHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteHandle").finish_non_exhaustive()
    }
}
