//! The connections of one server.

use std::cell::{Cell, RefCell};
use std::task::Waker;

/// How many connections that came in by one server have not ended, and who waits
/// for their end. Which ones they are the engine finds out, if anybody asks.
#[derive(Default)]
pub(crate) struct Clients {
    connections: Cell<usize>,
    /// Whether the server was closed.
    closed: Cell<bool>,
    waiters: RefCell<Vec<Waker>>,
}

impl Clients {
    pub(crate) fn add(&self) {
        self.connections.set(self.connections.get() + 1);
    }

    pub(crate) fn remove(&self) {
        let left = self.connections.get().saturating_sub(1);
        self.connections.set(left);
        if self.is_over() {
            self.wake();
        }
    }

    pub(super) fn set_closed(&self) {
        self.closed.set(true);
        self.wake();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Whether the server is closed and its last connection is gone
    /// (line E30).
    pub(super) fn is_over(&self) -> bool {
        self.closed.get() && self.connections.get() == 0
    }

    pub(super) fn wait(&self, waker: &Waker) {
        let known = |other: &Waker| other.will_wake(waker);
        if self.waiters.borrow().iter().any(known) {
            // A task that is polled often waits once.
            return;
        }
        let waker = waker.clone();
        self.waiters.borrow_mut().push(waker);
    }

    fn wake(&self) {
        for waker in self.waiters.take() {
            waker.wake();
        }
    }
}
