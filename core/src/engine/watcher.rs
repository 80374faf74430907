//! One direction of a watched descriptor.

use std::cell::RefCell;

use super::Engine;
use crate::event_loop::WatchCallback;

/// The callback of one direction, and where it is.
#[derive(Default)]
pub(super) enum State {
    /// Nothing is watched.
    #[default]
    Free,
    /// It waits to be called.
    Set {
        callback: WatchCallback,
        /// The turn in which it was set: an event of that turn's batch was meant
        /// for the callback before (line C9).
        since: u32,
    },
    /// It is being called: who has called it puts it back, unless another state was
    /// set meanwhile.
    Running,
}

impl State {
    pub(super) fn is_free(&self) -> bool {
        matches!(self, Self::Free)
    }
}

/// One direction of a watched descriptor.
#[derive(Default)]
pub(super) struct Watcher(RefCell<State>);

impl Watcher {
    pub(super) fn is_free(&self) -> bool {
        self.0.borrow().is_free()
    }

    /// Sets a state and answers the one before. The caller drops what that holds,
    /// which is the user's, when all is done.
    pub(super) fn replace(&self, state: State) -> State {
        self.0.replace(state)
    }

    /// Calls the callback, if it was there when the batch was fetched.
    // Once for each direction.
    #[inline(always)]
    pub(super) fn call(&self, engine: &Engine) {
        let Some(mut running) = self.begin(engine.turn_number()) else {
            return;
        };
        let outcome = running.callback.as_mut().map_or(Ok(()), |call| call());
        if let Err(error) = outcome {
            engine.report_error("a watch callback failed", &*error);
        }
    }

    #[inline]
    fn begin(&self, turn: u32) -> Option<Running<'_>> {
        let mut state = self.0.borrow_mut();
        if !matches!(*state, State::Set { since, .. } if since != turn) {
            return None;
        }
        let State::Set { callback, since } = std::mem::replace(&mut *state, State::Running) else {
            return None;
        };
        Some(Running {
            watcher: self,
            callback: Some(callback),
            since,
        })
    }
}

/// A callback that is out of its place for as long as it runs, also if it panics.
struct Running<'a> {
    watcher: &'a Watcher,
    /// Taken when this is dropped.
    callback: Option<WatchCallback>,
    since: u32,
}

#[cold]
fn end(callback: WatchCallback) {
    drop(callback);
}

impl Drop for Running<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        let Some(callback) = self.callback.take() else {
            return;
        };
        let mut state = self.watcher.0.borrow_mut();
        if matches!(*state, State::Running) {
            let since = self.since;
            *state = State::Set { callback, since };
            return;
        }
        // Replaced or removed from inside: it ends when it has returned.
        drop(state);
        end(callback);
    }
}
