//! The queue of what runs next.

use std::sync::Arc;

use super::remote::{RemoteCall, RemoteItem};
use super::{CallId, Engine, Todo};
use crate::backend::Key;
use crate::task::TaskId;

/// One thing to run. None of them needs an allocation of its own.
pub(crate) enum Run {
    /// A callback of `call_soon`.
    Call(CallId),
    /// A task that was woken.
    Task(TaskId),
    /// The end of a connection: its `connection_lost`.
    Lost(Key),
    /// What a layer has put off to a turn of its own.
    Later(Key),
    /// A callback of `call_soon_threadsafe`.
    Remote(Arc<RemoteCall>),
    /// `stop` from another thread.
    Stop,
}

impl From<RemoteItem> for Run {
    fn from(item: RemoteItem) -> Self {
        match item {
            RemoteItem::Call(call) => Self::Remote(call),
            RemoteItem::Task(id) => Self::Task(id),
            RemoteItem::Stop => Self::Stop,
        }
    }
}

impl Engine {
    /// Queues behind everything that was queued before, also by
    /// `call_soon_threadsafe` (line E3).
    pub(crate) fn push(&self, run: Run) {
        self.take_remote();
        self.ready.borrow_mut().push_back(run);
        self.note(Todo::RUN);
    }

    /// Takes the first item, if it may run.
    pub(super) fn pop_if(&self, may_run: impl FnOnce(&Run) -> bool) -> Option<Run> {
        let mut ready = self.ready.borrow_mut();
        if may_run(ready.front()?) {
            ready.pop_front()
        } else {
            None
        }
    }
}
