//! Making, running, stopping and closing.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::{
    Counters, Descriptors, Engine, Errand, Exceptions, Layers, READ_BUFFER, Shared, Slots, Timers,
    Todo, layers,
};
use crate::backend::{Backend, Network};
use crate::event_loop::{LoopClosed, RunError};
use crate::net::{Clients, Resolver, SystemResolver};
use crate::signal::Signals;
use crate::stream::Spare;
use crate::task::{TaskId, TaskWaker, Tasks};
use crate::tls::Gathered;
use crate::transport::Transport;

thread_local! {
    /// The loop that runs in this thread.
    static RUNNING: RefCell<Option<Rc<Engine>>> = const { RefCell::new(None) };
}

/// The loop that runs in this thread, if there is one.
pub(crate) fn running() -> Option<Rc<Engine>> {
    RUNNING.try_with(|running| running.borrow().clone()).ok()?
}

/// Queues a task on the loop that runs in this thread, if that is `shared`'s;
/// answers whether it was.
pub(crate) fn queue_if_running(shared: &Arc<Shared>, task: TaskId) -> bool {
    // A wake from a destructor that runs after this thread's locals are gone
    // goes the other way.
    let queued = RUNNING.try_with(|running| match &*running.borrow() {
        Some(engine) if Arc::ptr_eq(&engine.shared, shared) => {
            engine.push(Errand::Task(task));
            true
        }
        _ => false,
    });
    queued.unwrap_or(false)
}

/// A loop is running in this thread for as long as this lives, also when user
/// code panics.
struct Running<'a>(&'a Engine);

impl<'a> Running<'a> {
    fn enter(engine: &'a Rc<Engine>) -> Result<Self, RunError> {
        if engine.running.get() {
            return Err(RunError::AlreadyRunning);
        }
        if engine.is_closed() {
            return Err(LoopClosed.into());
        }
        RUNNING.with(|running| {
            let mut running = running.borrow_mut();
            if running.is_some() {
                return Err(RunError::OtherLoopRunning);
            }
            *running = Some(Rc::clone(engine));
            Ok(())
        })?;
        engine.running.set(true);
        Ok(Self(engine))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.stop_measuring();
        self.0.running.set(false);
        self.0.done_with(Todo::STOP);
        let engine = RUNNING.with(RefCell::take);
        drop(engine);
    }
}

/// How names become addresses unless the user says otherwise.
fn resolver(network: Option<&dyn Network>) -> Rc<dyn Resolver> {
    match network {
        Some(network) => network.resolver(),
        None => Rc::new(SystemResolver),
    }
}

impl Engine {
    pub(crate) fn new(backend: Box<dyn Backend>) -> Rc<Self> {
        let network = backend.network();
        let origin = backend.now();
        Rc::new(Self {
            name: backend.name(),
            capabilities: backend.capabilities(),
            shared: Arc::new(Shared::new(backend.waker())),
            backend: RefCell::new(Some(backend)),
            todo: Cell::new(Todo::empty()),
            slots: RefCell::new(Slots::default()),
            descriptors: RefCell::new(Descriptors::default()),
            dirty: RefCell::default(),
            ready: RefCell::default(),
            arrivals: Cell::default(),
            spares: RefCell::default(),
            timers: RefCell::new(Timers::new(origin)),
            owed: RefCell::default(),
            layers: Layers::default(),
            events: RefCell::default(),
            read_buffer: RefCell::new(vec![0; READ_BUFFER].into_boxed_slice()),
            plain: Cell::default(),
            wire: Cell::default(),
            gathered: Gathered::default(),
            chunk: Cell::default(),
            records: Cell::default(),
            spare: Spare::default(),
            tasks: RefCell::new(Tasks::default()),
            workers: Rc::default(),
            signals: Signals::default(),
            exceptions: Exceptions::default(),
            counters: Counters::default(),
            resolver: RefCell::new(resolver(network.as_deref())),
            network,
            turn: Cell::new(0),
            running: Cell::new(false),
            closed: Cell::new(false),
            transports: Cell::new(0),
            idle: RefCell::default(),
            dead_events: Cell::new(0),
            elsewhere: Cell::new(0),
        })
    }

    pub(crate) fn stop(&self) {
        self.note(Todo::STOP);
    }

    pub(crate) fn run_forever(self: &Rc<Self>) -> Result<(), RunError> {
        let _running = Running::enter(self)?;
        self.run(&mut || {})
    }

    pub(crate) fn run_until_complete<F: Future>(
        self: &Rc<Self>,
        future: F,
    ) -> Result<F::Output, RunError> {
        let _running = Running::enter(self)?;
        let mut future = pin!(future);
        let mut output = None;
        let waker = TaskWaker::main(&self.shared);
        waker.wake_by_ref();
        self.run(&mut || {
            if output.is_some() {
                return;
            }
            waker.clear();
            let mut context = Context::from_waker(waker.waker());
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                output = Some(value);
                self.stop();
            }
        })?;
        output.ok_or(RunError::Stopped)
    }

    fn run(self: &Rc<Self>, main: &mut dyn FnMut()) -> Result<(), RunError> {
        self.run_turns(main).map_err(|source| RunError::Wait {
            backend: self.name,
            source,
        })
    }

    /// Lets go of everything. Nothing of the user is called but destructors,
    /// and those find a closed loop.
    pub(crate) fn close(self: &Rc<Self>) -> Result<(), RunError> {
        if self.running.get() {
            return Err(RunError::AlreadyRunning);
        }
        if !self.is_closed() {
            self.report_open();
        }
        // Each step takes what is there, so that doing them again is harmless,
        // and goes on where a destructor that panicked has interrupted them.
        self.closed.set(true);
        self.shared.close();
        // Futures first: they hold transports and jobs that still find their
        // engine whole.
        drop(crate::task::take_all(self));
        self.signals.clear();
        let runs = self.ready.borrow_mut().take_all();
        layers::abandon(runs);
        let timers = self.timers.borrow_mut().take_all();
        drop(timers);
        // A backend that completes waits for its jobs (clause B12): they need
        // their sockets until then, and their files have a position afterwards.
        let backend = self.backend.take();
        drop(backend);
        let owners = self.slots.borrow_mut().take_all();
        for owner in owners {
            owner.abandon();
        }
        for layer in self.layers.take_strays() {
            layer.let_go();
        }
        self.descriptors.borrow_mut().clear();
        drop(self.dirty.take());
        drop(self.owed.take());
        drop(self.events.take());
        drop(self.idle.take());
        drop(self.read_buffer.take());
        drop((self.plain.take(), self.wire.take()));
        drop((self.chunk.take(), self.records.take()));
        self.spare.clear();
        self.exceptions.set_handler(None);
        drop(self.resolver.replace(Rc::new(SystemResolver)));
        Ok(())
    }

    /// The connections of one server, which may end while the caller goes through
    /// them.
    pub(crate) fn clients_of(&self, server: &Rc<Clients>) -> Vec<Rc<dyn Transport>> {
        let slots = self.slots.borrow();
        let owners = slots.owners().map(Rc::clone);
        owners.filter_map(|owner| owner.client_of(server)).collect()
    }

    pub(crate) fn transport_added(&self) {
        self.transports.set(self.transports.get() + 1);
    }

    pub(crate) fn transport_removed(&self) {
        let left = self.transports.get().saturating_sub(1);
        self.transports.set(left);
        if left == 0 {
            for waker in self.idle.take() {
                waker.wake();
            }
        }
    }

    /// Ends every connection and listener, and waits for the last
    /// `connection_lost`.
    pub(crate) async fn shut_down(self: &Rc<Self>) {
        let owners: Vec<_> = self.slots.borrow().owners().map(Rc::clone).collect();
        for owner in owners {
            owner.shut_down();
        }
        std::future::poll_fn(|context| {
            if self.transports.get() == 0 || self.is_closed() {
                return Poll::Ready(());
            }
            let waker = context.waker();
            if !self.idle.borrow().iter().any(|idle| idle.will_wake(waker)) {
                let waker = waker.clone();
                self.idle.borrow_mut().push(waker);
            }
            Poll::Pending
        })
        .await;
    }
}
