//! The queue of what runs next.

use super::{CallId, Engine};
use crate::backend::Key;
use crate::engine::remote::RemoteItem;
use crate::task::TaskId;

/// One thing to run. None of them needs an allocation of its own.
pub(crate) enum Run {
    /// A callback of `call_soon`.
    Call(CallId),
    /// A task that was woken.
    Task(TaskId),
    /// The end of a connection: its `connection_lost`.
    Lost(Key),
    /// Something that another thread queued.
    Remote(RemoteItem),
}

impl Engine {
    pub(crate) fn push(&self, run: Run) {
        self.ready.borrow_mut().push_back(run);
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
