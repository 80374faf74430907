//! The door for other threads.

use std::fmt;
use std::mem::{self, ManuallyDrop};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::remote_call::RemoteHandle;
use crate::backend::Waker;
use crate::debug::Site;
use crate::event_loop::{IntoOutcome, LoopClosed};
use crate::sys::{Held, Queued, SendClosure, Spare, share};
use crate::task::TaskId;

/// What other threads and the loop share.
pub(crate) struct Shared {
    queue: Mutex<Queue>,
    /// Whether the queue has something: read once a turn without the lock.
    pending: AtomicBool,
    waker: Waker,
}

/// How much memory of callbacks that have run is kept for others, on either side of
/// the door: a burst of so many allocates nothing.
pub(super) const SPARES: usize = 1024;

#[derive(Default)]
struct Queue {
    /// Dropped by who takes them out, as what is [ready](super::ready) is.
    items: Vec<ManuallyDrop<RemoteItem>>,
    spares: Vec<Spare>,
    closed: bool,
}

pub(crate) enum RemoteItem {
    Call(Queued),
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
        let queue = self.open_queue()?;
        self.push_to(queue, item);
        Ok(())
    }

    /// As [`push`](Self::push), for a callback. If the loop is closed, that is
    /// dropped when nothing is locked any more.
    #[inline]
    fn push_call(&self, callback: SendClosure) -> Result<Held, LoopClosed> {
        let mut queue = self.open_queue()?;
        let (queued, held) = share(callback, queue.spares.pop());
        self.push_to(queue, RemoteItem::Call(queued));
        Ok(held)
    }

    #[inline]
    fn open_queue(&self) -> Result<MutexGuard<'_, Queue>, LoopClosed> {
        let queue = lock(&self.queue);
        match queue.closed {
            false => Ok(queue),
            true => Err(LoopClosed),
        }
    }

    #[inline]
    fn push_to(&self, mut queue: MutexGuard<'_, Queue>, item: RemoteItem) {
        let first = queue.items.is_empty();
        queue.items.push(ManuallyDrop::new(item));
        if first {
            self.pending.store(true, Ordering::Release);
        }
        drop(queue);
        if first {
            self.waker.wake();
        }
    }

    #[inline]
    pub(super) fn is_pending(&self) -> bool {
        self.pending.load(Ordering::Acquire)
    }

    /// Exchanges what is queued for `empty`, whose memory the next items get, and
    /// gives the memory of callbacks back.
    pub(super) fn take(&self, empty: &mut Vec<ManuallyDrop<RemoteItem>>, spares: &mut Vec<Spare>) {
        let mut queue = lock(&self.queue);
        self.pending.store(false, Ordering::Release);
        mem::swap(&mut queue.items, empty);
        let missing = SPARES.saturating_sub(queue.spares.len());
        let kept = spares.len().saturating_sub(missing);
        queue.spares.extend(spares.drain(kept..));
    }

    /// Takes no more, and drops what nobody has taken.
    pub(super) fn close(&self) {
        let left = {
            let mut queue = lock(&self.queue);
            queue.closed = true;
            let items = mem::take(&mut queue.items);
            (all(items), mem::take(&mut queue.spares))
        };
        drop(left);
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        drop(all(mem::take(&mut self.items)));
    }
}

/// As values that drop themselves.
fn all(items: Vec<ManuallyDrop<RemoteItem>>) -> Vec<RemoteItem> {
    items.into_iter().map(ManuallyDrop::into_inner).collect()
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
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
        let callback = SendClosure::new(move || {
            site.enter();
            callback().into_outcome()
        });
        Ok(RemoteHandle(self.0.push_call(callback)?))
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
