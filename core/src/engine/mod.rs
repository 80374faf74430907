//! The engine: one turn after the other, on any backend.
//!
//! Nothing here knows an operating system, and nothing in a backend knows what
//! is kept here. The engine is shared by everything that belongs to a loop and
//! is never borrowed as a whole: each part is a cell of its own, and no borrow
//! is alive while user code runs, but those of the batch of events and of the
//! read buffer.
//!
//! A turn, in this order (line E2):
//!
//! 1. interests that have changed reach the backend, which then waits;
//! 2. what was queued before the wait runs, and nothing that it queues;
//! 3. the events of the wait are dispatched;
//! 4. timers that were due after the wait run;
//! 5. tasks that were woken meanwhile, and the ends of connections, run up to
//!    the first queued callback.
//!
//! The fifth step saves a wait for each request of a task that reads and
//! answers, and for each connection that is closed; callbacks keep asyncio's
//! order, because they are never overtaken and always wait for the next turn.

mod calls;
mod descriptors;
mod dispatch;
mod elsewhere;
mod exceptions;
#[cfg(test)]
pub(crate) mod idle;
mod layers;
mod lifecycle;
mod metrics;
mod ready;
mod remote;
mod remote_call;
mod slots;
mod snapshot;
mod timer_slots;
mod timers;
mod todo;
mod turn;
mod user_watch;
mod wait_ready;
mod watcher;

pub use calls::{Handle, TimerHandle};
pub use exceptions::{ExceptionContext, Severity};
pub use metrics::Metrics;
pub use remote::Remote;
pub use remote_call::RemoteHandle;
pub use snapshot::Snapshot;

pub(crate) use elsewhere::{ClockHeld, unblock};
pub(crate) use layers::Debt;
pub(crate) use lifecycle::{queue_if_running, running};
pub(crate) use ready::{Errand, Place, Run};
pub(crate) use remote::{RemoteItem, Shared};
pub(crate) use slots::{Change, Role, Watched};
pub(crate) use wait_ready::ReadyFuture;

use std::cell::{Cell, RefCell, RefMut};
use std::collections::VecDeque;
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use crate::backend::{Backend, Capabilities, Events, Key, Network};
use crate::net::Resolver;
use crate::signal::Signals;
use crate::stream;
use crate::sys::Spare;
use crate::task::{Tasks, Workers};
use crate::tls::Gathered;

use descriptors::Descriptors;
use exceptions::Exceptions;
use layers::Layers;
use metrics::Counters;
use ready::Ready;
use slots::Slots;
use timers::Timers;
use todo::Todo;

/// Size of the buffer that reads go into, in bytes: asyncio's `max_size`
/// (line D21). One a loop, lent to `data_received`.
pub(crate) const READ_BUFFER: usize = 256 * 1024;

/// The largest buffer that is kept for reuse, in bytes: what one read can
/// decode to, twice over.
const LARGEST_KEPT: usize = 2 * READ_BUFFER;

pub(crate) struct Engine {
    name: &'static str,
    capabilities: Capabilities,
    /// What connections go over, if not the system's sockets.
    network: Option<Rc<dyn Network>>,
    shared: Arc<Shared>,
    /// None once the loop is closed.
    backend: RefCell<Option<Box<dyn Backend>>>,
    todo: Cell<Todo>,
    slots: RefCell<Slots>,
    descriptors: RefCell<Descriptors>,
    /// Slots whose wanted interest differs from what the backend knows.
    dirty: RefCell<Vec<Key>>,
    ready: RefCell<Ready>,
    /// Memory for what other threads queue.
    arrivals: Cell<Vec<ManuallyDrop<RemoteItem>>>,
    /// Memory of what other threads have queued and what has run.
    spares: RefCell<Vec<Spare>>,
    timers: RefCell<Timers>,
    /// Flow control that could not be told yet, because a protocol was busy.
    owed: RefCell<VecDeque<Debt>>,
    layers: Layers,
    /// What of the last wait was not dispatched yet. Borrowed for as long as the
    /// loop runs.
    events: RefCell<Events>,
    /// Zeroed memory that the system gives as it is used.
    read_buffer: RefCell<Box<[u8]>>,
    /// What TLS connections decode into and encode into, one at a time.
    plain: Cell<Vec<u8>>,
    wire: Cell<Vec<u8>>,
    /// What a TLS connection has written in small pieces.
    gathered: Gathered,
    /// What files are read into on their way.
    chunk: Cell<Vec<u8>>,
    /// What they are encrypted into.
    records: Cell<Vec<u8>>,
    /// What no stream needs just now.
    spare: stream::Spare,
    pub(crate) tasks: RefCell<Tasks>,
    workers: Rc<Workers>,
    signals: Signals,
    exceptions: Exceptions,
    counters: Counters,
    pub(crate) resolver: RefCell<Rc<dyn Resolver>>,
    turn: Cell<u32>,
    running: Cell<bool>,
    closed: Cell<bool>,
    transports: Cell<usize>,
    /// Who waits for the last transport to go.
    idle: RefCell<Vec<std::task::Waker>>,
    dead_events: Cell<u64>,
    /// How much is under way on other threads.
    elsewhere: Cell<usize>,
}

impl Engine {
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// The network of the backend's own, if it brings one.
    pub(crate) fn network(&self) -> Option<&Rc<dyn Network>> {
        self.network.as_ref()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) fn exceptions(&self) -> &Exceptions {
        &self.exceptions
    }

    /// The number of this turn; it wraps around.
    pub(crate) fn turn_number(&self) -> u32 {
        self.turn.get()
    }

    pub(crate) fn is_running(&self) -> bool {
        self.running.get()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// The backend's clock, or the system's once the backend is gone.
    pub(crate) fn now(&self) -> Instant {
        match &*self.backend.borrow() {
            Some(backend) => backend.now(),
            None => Instant::now(),
        }
    }

    /// Runs `use_backend` with the backend; None once the loop is closed. No
    /// user code may run inside.
    pub(crate) fn with_backend<R>(
        &self,
        use_backend: impl FnOnce(&mut dyn Backend) -> R,
    ) -> Option<R> {
        let mut backend = self.backend.borrow_mut();
        Some(use_backend(&mut **backend.as_mut()?))
    }

    /// The read buffer, for one read and what the protocol makes of it: no
    /// other connection reads meanwhile.
    #[inline]
    pub(crate) fn read_buffer(&self) -> RefMut<'_, Box<[u8]>> {
        self.read_buffer.borrow_mut()
    }

    /// Takes an empty buffer for plaintext; a nested caller gets a new one.
    pub(crate) fn take_plain(&self) -> Vec<u8> {
        self.plain.take()
    }

    pub(crate) fn return_plain(&self, buffer: Vec<u8>) {
        keep(&self.plain, buffer);
    }

    /// Takes an empty buffer for ciphertext; a nested caller gets a new one.
    pub(crate) fn take_wire(&self) -> Vec<u8> {
        self.wire.take()
    }

    pub(crate) fn return_wire(&self, buffer: Vec<u8>) {
        keep(&self.wire, buffer);
    }

    pub(crate) fn gathered(&self) -> &Gathered {
        &self.gathered
    }

    pub(crate) fn workers(&self) -> &Rc<Workers> {
        &self.workers
    }

    pub(crate) fn signals(&self) -> &Signals {
        &self.signals
    }

    pub(crate) fn spare(&self) -> &stream::Spare {
        &self.spare
    }

    /// Takes the buffer for a part of a file, as long as it was left; who comes
    /// while it is in use gets a new one.
    pub(crate) fn take_chunk(&self) -> Vec<u8> {
        self.chunk.take()
    }

    /// Takes the buffer for records, as long as it was left: what is put into
    /// it again and again need not be cleared in between.
    pub(crate) fn take_records(&self) -> Vec<u8> {
        self.records.take()
    }

    pub(crate) fn return_records(&self, buffer: Vec<u8>) {
        self.records.set(buffer);
    }

    pub(crate) fn return_chunk(&self, buffer: Vec<u8>) {
        if !buffer.is_empty() {
            self.chunk.set(buffer);
        }
    }
}

/// Keeps a buffer for the next who needs one, unless it has become too large
/// to be kept.
fn keep(place: &Cell<Vec<u8>>, mut buffer: Vec<u8>) {
    if buffer.capacity() <= LARGEST_KEPT {
        buffer.clear();
        place.set(buffer);
    }
}
