//! What a wait brought.

use std::collections::VecDeque;
use std::io;

use super::{Key, Readiness};

/// One thing that happened to a source.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A watched source is ready.
    Ready {
        /// The key of the source.
        key: Key,
        /// What it is ready for.
        ready: Readiness,
    },
    /// A job in flight has ended.
    Done {
        /// The key that the job was started with.
        key: Key,
        /// The bytes that left, or why the job failed.
        result: io::Result<u64>,
    },
}

/// The events of one wait, in the order in which they are acted upon.
///
/// A backend appends, one by one or all that a wait has brought
/// ([`extend`](Extend::extend)); the engine takes from the front. What has not been taken
/// when a callback panics stays for the next turn.
///
/// ```
/// use loopline_core::backend::{Event, Events, Key, Readiness};
///
/// let mut events = Events::default();
/// events.push_ready(Key::new(0, 0), Readiness::READ);
/// assert!(matches!(events.pop(), Some(Event::Ready { ready: Readiness::READ, .. })));
/// assert!(events.pop().is_none());
/// ```
#[derive(Debug, Default)]
pub struct Events {
    ready: Vec<(Key, Readiness)>,
    taken: usize,
    done: VecDeque<(Key, io::Result<u64>)>,
}

impl Events {
    /// Appends that a source is ready.
    #[inline]
    pub fn push_ready(&mut self, key: Key, ready: Readiness) {
        self.ready.push((key, ready));
    }

    /// Appends that a job in flight has ended.
    pub fn push_done(&mut self, key: Key, result: io::Result<u64>) {
        self.done.push_back((key, result));
    }

    /// Takes the next event: jobs that are done first, then what is ready.
    pub fn pop(&mut self) -> Option<Event> {
        if let Some((key, result)) = self.pop_done() {
            return Some(Event::Done { key, result });
        }
        self.pop_ready()
            .map(|(key, ready)| Event::Ready { key, ready })
    }

    /// Whether a job is done.
    #[inline]
    pub(crate) fn has_done(&self) -> bool {
        !self.done.is_empty()
    }

    /// Takes the next job that is done.
    pub(crate) fn pop_done(&mut self) -> Option<(Key, io::Result<u64>)> {
        self.done.pop_front()
    }

    /// Takes the next source that is ready.
    #[inline]
    pub(crate) fn pop_ready(&mut self) -> Option<(Key, Readiness)> {
        if let Some(&next) = self.ready.get(self.taken) {
            self.taken += 1;
            return Some(next);
        }
        self.ready.clear();
        self.taken = 0;
        None
    }

    /// How many events have not been taken yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.done.len() + self.ready.len() - self.taken
    }

    /// Whether every event has been taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Appends that sources are ready.
impl Extend<(Key, Readiness)> for Events {
    #[inline]
    fn extend<I: IntoIterator<Item = (Key, Readiness)>>(&mut self, ready: I) {
        self.ready.extend(ready);
    }
}
