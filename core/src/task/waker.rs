//! Waking a task, from any thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

use crate::engine::{RemoteItem, Shared, queue_if_running};

/// The name of a task; never used again for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TaskId {
    pub(super) serial: u64,
    pub(super) index: usize,
}

impl TaskId {
    /// The future of `run_until_complete`, which is in no slot.
    const MAIN: Self = Self {
        serial: 0,
        index: usize::MAX,
    };

    pub(crate) fn is_main(self) -> bool {
        self == Self::MAIN
    }
}

/// What wakers of one task share.
struct Target {
    id: TaskId,
    shared: Arc<Shared>,
    /// Whether the task is queued: waking it again then does nothing.
    queued: AtomicBool,
}

impl Wake for Target {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.queued.swap(true, Ordering::AcqRel) {
            return;
        }
        if !queue_if_running(&self.shared, self.id) {
            // A closed loop has no tasks left to wake.
            let _ = self.shared.push(RemoteItem::Task(self.id));
        }
    }
}

/// The waker of one task, and whether the task is queued.
pub(crate) struct TaskWaker {
    target: Arc<Target>,
    waker: Waker,
}

impl TaskWaker {
    pub(super) fn new(id: TaskId, shared: &Arc<Shared>) -> Self {
        let target = Arc::new(Target {
            id,
            shared: Arc::clone(shared),
            queued: AtomicBool::new(false),
        });
        Self {
            waker: Waker::from(Arc::clone(&target)),
            target,
        }
    }

    pub(crate) fn main(shared: &Arc<Shared>) -> Self {
        Self::new(TaskId::MAIN, shared)
    }

    #[inline]
    pub(crate) fn waker(&self) -> &Waker {
        &self.waker
    }

    pub(crate) fn wake_by_ref(&self) {
        self.waker.wake_by_ref();
    }

    /// To be called before the task is polled, so that a wake during the poll
    /// queues it again.
    #[inline]
    pub(crate) fn clear(&self) {
        self.target.queued.store(false, Ordering::Release);
    }
}
