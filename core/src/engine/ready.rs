//! The queue of what runs next.

use std::collections::VecDeque;
use std::mem::{self, ManuallyDrop};
use std::rc::Rc;

use super::remote::RemoteItem;
use super::{Engine, Todo};
use crate::backend::Key;
use crate::event_loop::Callback;
use crate::sys::Queued;
use crate::task::TaskId;
use crate::tls::TlsStream;

/// One thing to run. None of them needs an allocation of its own.
pub(crate) enum Run {
    /// A callback of `call_soon`.
    Call(Callback),
    /// Anything else. The two are told apart by what a callback has anyway.
    Errand(Errand),
}

/// What is to run and is no callback of `call_soon`.
pub(crate) enum Errand {
    /// In place of one that was cancelled.
    Nothing,
    /// A task that was woken.
    Task(TaskId),
    /// The end of a connection: its `connection_lost`.
    Lost(Key),
    /// What a connection has put off to a turn of its own.
    Later(Key),
    /// The end of a layer over a connection.
    LayerLost(Rc<TlsStream>),
    /// What a layer has put off to a turn of its own.
    LayerLater(Rc<TlsStream>),
    /// A callback of `call_soon_threadsafe`.
    Remote(Queued),
    /// `stop` from another thread.
    Stop,
}

impl From<Errand> for Run {
    #[inline]
    fn from(errand: Errand) -> Self {
        Self::Errand(errand)
    }
}

impl Run {
    /// Whether it need not wait for another turn, if nothing is queued before
    /// it. Callbacks do wait: one that queues itself again must not keep the
    /// loop from its events (line E1).
    pub(super) fn ends_a_turn(&self) -> bool {
        matches!(
            self,
            Self::Errand(Errand::Task(_) | Errand::Lost(_) | Errand::LayerLost(_))
        )
    }
}

impl From<RemoteItem> for Run {
    fn from(item: RemoteItem) -> Self {
        Self::Errand(match item {
            RemoteItem::Call(call) => Errand::Remote(call),
            RemoteItem::Task(id) => Errand::Task(id),
            RemoteItem::Stop => Errand::Stop,
        })
    }
}

/// The name of a place in the queue; never used again for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u64);

/// What runs next, first come first.
#[derive(Default)]
pub(super) struct Ready {
    /// Dropped by who takes it out. What might have to be dropped while the queue
    /// grows would be put into memory before, and from there into the queue.
    queue: VecDeque<ManuallyDrop<Run>>,
    /// How many have left the queue so far, which is the place of its first.
    /// So a place is found without a search, and a callback needs no other home
    /// than the queue.
    left: u64,
}

impl Ready {
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    #[inline]
    fn push(&mut self, run: ManuallyDrop<Run>) -> Place {
        let place = Place(self.left + self.queue.len() as u64);
        self.queue.push_back(run);
        place
    }

    pub(super) fn extend(&mut self, items: impl Iterator<Item = ManuallyDrop<RemoteItem>>) {
        self.queue.extend(items.map(|item| {
            let item = ManuallyDrop::into_inner(item);
            ManuallyDrop::new(item.into())
        }));
    }

    /// Takes the first, if it may run.
    #[inline]
    pub(super) fn pop_if(&mut self, may_run: impl FnOnce(&Run) -> bool) -> Option<Run> {
        if !may_run(self.queue.front()?) {
            return None;
        }
        self.left += 1;
        self.queue.pop_front().map(ManuallyDrop::into_inner)
    }

    /// Takes the callback out of a place, if it is still there. The caller drops
    /// it after letting go of `self`.
    pub(super) fn take_call(&mut self, place: Place) -> Option<Callback> {
        let index = usize::try_from(place.0.checked_sub(self.left)?).ok()?;
        let run = self.queue.get_mut(index)?;
        if !matches!(**run, Run::Call(_)) {
            return None;
        }
        let nothing = ManuallyDrop::new(Errand::Nothing.into());
        match ManuallyDrop::into_inner(mem::replace(run, nothing)) {
            Run::Call(callback) => Some(callback),
            Run::Errand(_) => None,
        }
    }

    pub(super) fn take_all(&mut self) -> Vec<Run> {
        self.left += self.queue.len() as u64;
        let queue = mem::take(&mut self.queue);
        queue.into_iter().map(ManuallyDrop::into_inner).collect()
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        drop(self.take_all());
    }
}

impl Engine {
    /// Queues behind everything that was queued before, also by
    /// `call_soon_threadsafe` (line E3).
    #[inline]
    pub(crate) fn push(&self, run: impl Into<Run>) -> Place {
        let run = ManuallyDrop::new(run.into());
        self.take_remote();
        self.note(Todo::RUN);
        self.ready.borrow_mut().push(run)
    }
}
