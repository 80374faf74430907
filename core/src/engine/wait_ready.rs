//! Waiting in a future for one descriptor.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

use super::{Engine, Role, Watched};
use crate::backend::{Interest, Key, Readiness, Source};

/// What becomes of the end of a job whose future was dropped; None if the loop
/// was closed before.
type Bequest = Box<dyn FnOnce(Option<io::Result<u64>>)>;

/// One descriptor that something waits for. It is borrowed by the future, which
/// arms it itself.
struct Waiter {
    engine: Weak<Engine>,
    number: u64,
    key: Cell<Key>,
    ready: Cell<bool>,
    error: Cell<Option<io::Error>>,
    /// A job is in flight.
    in_flight: Cell<bool>,
    /// The loop shuts down.
    ending: Cell<bool>,
    done: Cell<Option<io::Result<u64>>>,
    waker: RefCell<Option<Waker>>,
    /// Set when the future was dropped while a job was in flight: the slot
    /// stays until the job has ended.
    bequest: RefCell<Option<Bequest>>,
}

impl Waiter {
    fn wake(&self) {
        let waker = self.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Watched for Waiter {
    fn role(&self) -> Role {
        Role::Waiter
    }

    fn ready(&self, _: &Engine, _: Readiness) {
        self.ready.set(true);
        self.wake();
    }

    fn done(&self, result: io::Result<u64>) {
        let bequest = self.bequest.take();
        let Some(bequest) = bequest else {
            self.done.set(Some(result));
            return self.wake();
        };
        if let Some(engine) = self.engine.upgrade() {
            engine.release(self.number, self.key.get());
        }
        bequest(Some(result));
    }

    fn refused(&self, error: io::Error) {
        self.error.set(Some(error));
        self.wake();
    }

    fn shut_down(&self) {
        self.ending.set(true);
        if !self.in_flight.get() {
            return self.refused(ended());
        }
        // Its end is reported all the same (clause B11).
        if let Some(engine) = self.engine.upgrade() {
            let key = self.key.get();
            let _ = engine.with_backend(|backend| backend.cancel(key));
        }
    }

    fn outlives_descriptor(&self) -> bool {
        self.bequest.borrow().is_some()
    }

    fn abandon(&self) {
        let bequest = self.bequest.take();
        if let Some(bequest) = bequest {
            return bequest(None);
        }
        self.refused(io::ErrorKind::NotConnected.into());
    }
}

/// A descriptor that a future waits for. It belongs to the loop until this is
/// dropped, so that nobody else can watch it (line C20).
pub(crate) struct ReadyFuture<'a> {
    engine: Rc<Engine>,
    source: Source<'a>,
    key: Key,
    waiter: Rc<Waiter>,
}

impl<'a> ReadyFuture<'a> {
    /// Takes a descriptor for the loop; the caller has checked that it is not
    /// taken yet.
    pub(crate) fn new(engine: &Rc<Engine>, source: Source<'a>) -> Self {
        let waiter = Rc::new(Waiter {
            engine: Rc::downgrade(engine),
            number: source.number(),
            key: Cell::new(Key::RESERVED),
            ready: Cell::new(false),
            error: Cell::new(None),
            in_flight: Cell::new(false),
            ending: Cell::new(false),
            done: Cell::new(None),
            waker: RefCell::new(None),
            bequest: RefCell::new(None),
        });
        let key = engine.adopt(source, Rc::clone(&waiter) as Rc<dyn Watched>);
        waiter.key.set(key);
        Self {
            engine: Rc::clone(engine),
            source,
            key,
            waiter,
        }
    }

    pub(crate) fn key(&self) -> Key {
        self.key
    }

    pub(crate) fn source(&self) -> Source<'a> {
        self.source
    }

    /// Waits until the descriptor can be written. Stays armed afterwards, so
    /// that waiting again costs no system call; readiness that nobody waits
    /// for disarms.
    pub(crate) async fn writable(&mut self) -> io::Result<()> {
        self.check_open()?;
        self.waiter.ready.set(false);
        if self.engine.armed(self.key).is_empty() {
            let watched = self
                .engine
                .with_backend(|backend| backend.watch(self.source, self.key, Interest::WRITE));
            watched.unwrap_or_else(|| Err(io::ErrorKind::NotConnected.into()))?;
            self.engine.note_armed(self.key, Interest::WRITE);
        }
        Signal {
            waiter: &self.waiter,
            taken: |waiter: &Waiter| waiter.ready.get().then_some(()),
        }
        .await
    }

    /// Ends the watch while the caller waits for something else; a level that
    /// nobody looks at would wake the loop in every turn.
    pub(crate) fn disarm(&mut self) {
        if !self.engine.armed(self.key).is_empty() {
            let (source, key) = (self.source, self.key);
            let _ = self
                .engine
                .with_backend(|backend| backend.unwatch(source, key));
            self.engine.note_armed(self.key, Interest::empty());
        }
    }

    /// A job is in flight; [`done`](Self::done) waits for its end.
    pub(crate) fn begun(&mut self) {
        self.waiter.in_flight.set(true);
        self.disarm();
    }

    /// Waits for the end of a job in flight.
    pub(crate) async fn done(&mut self) -> io::Result<u64> {
        let signal = Signal {
            waiter: &self.waiter,
            taken: |waiter: &Waiter| waiter.done.take(),
        };
        let result = signal.await;
        self.waiter.in_flight.set(false);
        result?
    }

    /// Whether nothing more is to be begun, and what to say instead: the loop
    /// shuts down.
    pub(crate) fn check_open(&self) -> io::Result<()> {
        if self.waiter.ending.get() {
            return Err(ended());
        }
        Ok(())
    }

    /// Ends the future. A job in flight is cancelled, and keeps the descriptor
    /// for the loop until it has ended; then, or at once without one, `bequest`
    /// is called.
    pub(crate) fn leave(self, bequest: impl FnOnce(Option<io::Result<u64>>) + 'static) {
        let done = self.waiter.done.take();
        if !self.waiter.in_flight.get() || done.is_some() || self.engine.is_closed() {
            drop(self);
            return bequest(done);
        }
        self.waiter.bequest.replace(Some(Box::new(bequest)));
        let key = self.key;
        let _ = self.engine.with_backend(|backend| backend.cancel(key));
    }
}

/// What whoever waits is told when the loop shuts down.
fn ended() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "the loop is shutting down",
    )
}

/// Waits until the waiter has what `taken` looks for, or an error.
struct Signal<'a, F> {
    waiter: &'a Waiter,
    taken: F,
}

impl<T, F: Fn(&Waiter) -> Option<T> + Unpin> Future for Signal<'_, F> {
    type Output = io::Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(error) = self.waiter.error.take() {
            return Poll::Ready(Err(error));
        }
        if let Some(value) = (self.taken)(self.waiter) {
            return Poll::Ready(Ok(value));
        }
        let old = self.waiter.waker.replace(Some(context.waker().clone()));
        drop(old);
        Poll::Pending
    }
}

impl Drop for ReadyFuture<'_> {
    fn drop(&mut self) {
        self.disarm();
        if !self.waiter.outlives_descriptor() {
            self.engine.disown(self.source, self.key);
        }
    }
}
