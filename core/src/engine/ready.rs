//! The queue of what runs next.

use std::collections::VecDeque;

use super::remote::RemoteItem;
use super::remote_call::SharedCall;
use super::{Engine, Todo};
use crate::backend::Key;
use crate::event_loop::Callback;
use crate::task::TaskId;

/// One thing to run. None of them needs an allocation of its own.
pub(crate) enum Run {
    /// A callback of `call_soon`.
    Call(Callback),
    /// What is left of one that was cancelled.
    Cancelled,
    /// A task that was woken.
    Task(TaskId),
    /// The end of a connection: its `connection_lost`.
    Lost(Key),
    /// What a layer has put off to a turn of its own.
    Later(Key),
    /// A callback of `call_soon_threadsafe`.
    Remote(SharedCall),
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

/// What runs next, in order. Items are numbered as they come, and leave at the
/// front alone: so a number says where its item is.
#[derive(Default)]
pub(super) struct Ready {
    items: VecDeque<Run>,
    /// The number of the first.
    first: u64,
}

impl Ready {
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    #[inline]
    fn push(&mut self, run: Run) -> u64 {
        self.items.push_back(run);
        self.first + self.items.len() as u64 - 1
    }

    pub(super) fn extend(&mut self, items: impl Iterator<Item = Run>) {
        self.items.extend(items);
    }

    #[inline]
    fn pop_if(&mut self, may_run: impl FnOnce(&Run) -> bool) -> Option<Run> {
        if !may_run(self.items.front()?) {
            return None;
        }
        self.first += 1;
        self.items.pop_front()
    }

    /// Takes a callback out that has not run. The caller drops it after letting
    /// go of `self`.
    pub(super) fn cancel(&mut self, number: u64) -> Option<Callback> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let item = self.items.get_mut(at)?;
        match std::mem::replace(item, Run::Cancelled) {
            Run::Call(callback) => Some(callback),
            other => {
                *item = other;
                None
            }
        }
    }

    /// How many are left that were not cancelled.
    pub(super) fn pending(&self) -> usize {
        let pending = |run: &&Run| !matches!(run, Run::Cancelled);
        self.items.iter().filter(pending).count()
    }

    pub(super) fn into_items(self) -> impl Iterator<Item = Run> {
        self.items.into_iter()
    }
}

impl Engine {
    /// Queues behind everything that was queued before, also by
    /// `call_soon_threadsafe` (line E3). Answers the number of the item.
    #[inline]
    pub(crate) fn push(&self, run: Run) -> u64 {
        self.take_remote();
        let number = self.ready.borrow_mut().push(run);
        self.note(Todo::RUN);
        number
    }

    /// Takes the first item, if it may run.
    #[inline]
    pub(super) fn pop_if(&self, may_run: impl FnOnce(&Run) -> bool) -> Option<Run> {
        self.ready.borrow_mut().pop_if(may_run)
    }
}
