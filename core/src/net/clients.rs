//! The connections of one server.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::task::Waker;

use slab::Slab;

use crate::transport::Transport;

/// A connection as the server knows it that has accepted it.
pub(crate) trait Client {
    /// The handle that its user has: a connection that was upgraded ends as
    /// such.
    fn handle(self: Rc<Self>) -> Rc<dyn Transport>;
}

/// The connections that came in by one server, and who waits for their end.
#[derive(Default)]
pub(crate) struct Clients {
    connections: RefCell<Slab<Weak<dyn Client>>>,
    /// Whether the server was closed.
    closed: Cell<bool>,
    waiters: RefCell<Vec<Waker>>,
}

impl Clients {
    pub(crate) fn add(&self, connection: Weak<dyn Client>) -> usize {
        self.connections.borrow_mut().insert(connection)
    }

    pub(crate) fn remove(&self, number: usize) {
        let connection = self.connections.borrow_mut().try_remove(number);
        drop(connection);
        self.wake_if_over();
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
        self.closed.get() && self.connections.borrow().is_empty()
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

    /// Calls `each` with every connection. The connections may end meanwhile.
    fn for_each(&self, each: impl Fn(&dyn Transport)) {
        let connections: Vec<_> = self
            .connections
            .borrow()
            .iter()
            .filter_map(|(_, connection)| connection.upgrade())
            .collect();
        for connection in connections {
            each(&*connection.handle());
        }
    }

    pub(super) fn close_all(&self) {
        self.for_each(|connection| connection.close());
    }

    pub(super) fn abort_all(&self) {
        self.for_each(|connection| connection.abort());
    }

    fn wake_if_over(&self) {
        if self.is_over() {
            self.wake();
        }
    }

    fn wake(&self) {
        for waker in self.waiters.take() {
            waker.wake();
        }
    }
}
