//! What a loop holds, counted.

use super::{Engine, Role};
use crate::backend::Interest;

/// What a loop holds just now, for tests and diagnostics (lines C50, E41).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Descriptors watched by `add_reader`.
    pub readers: usize,
    /// Descriptors watched by `add_writer`.
    pub writers: usize,
    /// Connections whose `connection_lost` has not been called.
    pub transports: usize,
    /// Layers over connections, such as TLS.
    pub layers: usize,
    /// Listening sockets.
    pub listeners: usize,
    /// Connection attempts and `sock_sendfile` calls that wait for a
    /// descriptor.
    pub waiters: usize,
    /// Descriptors of other libraries, each owned by a
    /// [`Watched`](crate::Watched); and on Unix one for each signal that is
    /// handled.
    pub descriptors: usize,
    /// Files that the kernel sends by itself over transports; those of
    /// `sock_sendfile` count as waiters.
    pub in_flight: usize,
    /// Timers that have neither run nor been cancelled.
    pub timers: usize,
    /// Tasks that have not ended.
    pub tasks: usize,
    /// Callbacks, tasks and ends of connections that are due.
    pub ready: usize,
    /// Turns so far; the counter wraps.
    pub turns: u32,
    /// Events so far for descriptors that were closed under a watch
    /// (line C31).
    pub dead_events: u64,
}

impl Engine {
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot {
            timers: self.timers.borrow().len(),
            tasks: self.tasks.borrow().len(),
            layers: self.layers.count(),
            ready: self.ready.borrow().len(),
            turns: self.turn.get(),
            dead_events: self.dead_events.get(),
            ..Snapshot::default()
        };
        for owner in self.slots.borrow().owners() {
            snapshot.in_flight += usize::from(owner.in_flight());
            match owner.role() {
                Role::Transport => snapshot.transports += 1,
                Role::Listener => snapshot.listeners += 1,
                Role::Waiter => snapshot.waiters += 1,
                Role::Descriptor => snapshot.descriptors += 1,
                Role::User => {
                    let watched = owner.watched();
                    snapshot.readers += usize::from(watched.contains(Interest::READ));
                    snapshot.writers += usize::from(watched.contains(Interest::WRITE));
                }
            }
        }
        snapshot
    }
}
