//! The door for other threads.

use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::remote_call::{Call, RemoteHandle, SharedCall};
use crate::backend::Waker;
use crate::debug::Site;
use crate::event_loop::{IntoOutcome, LoopClosed};
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
    Call(SharedCall),
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
        let first = {
            let mut queue = lock(&self.queue);
            if queue.closed {
                return Err(LoopClosed);
            }
            let first = queue.items.is_empty();
            queue.items.push(item);
            if first {
                self.pending.store(true, Ordering::Release);
            }
            first
        };
        if first {
            self.waker.wake();
        }
        Ok(())
    }

    #[inline]
    pub(super) fn is_pending(&self) -> bool {
        self.pending.load(Ordering::Acquire)
    }

    /// Exchanges what is queued for `empty`, whose memory the next items get.
    pub(super) fn take(&self, empty: &mut Vec<RemoteItem>) {
        let mut queue = lock(&self.queue);
        self.pending.store(false, Ordering::Release);
        mem::swap(&mut queue.items, empty);
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
    #[cfg_attr(feature = "debug", track_caller)]
    pub fn call_soon_threadsafe<R: IntoOutcome>(
        &self,
        callback: impl FnOnce() -> R + Send + 'static,
    ) -> Result<RemoteHandle, LoopClosed> {
        let site = Site::here();
        let call: SharedCall = Arc::new(Call::new(move || {
            site.enter();
            callback()
        }));
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
