//! Waiting in a future for one descriptor.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::{Engine, Role, Watched};
use crate::backend::{Interest, Key, Readiness, Source};

/// One descriptor that something waits for.
struct Waiter {
    ready: Cell<bool>,
    error: Cell<Option<io::Error>>,
    done: Cell<Option<io::Result<u64>>>,
    waker: RefCell<Option<Waker>>,
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

    fn with_source(&self, _: &mut dyn FnMut(Source<'_>)) {
        // The descriptor is borrowed by the future, which arms it itself.
    }

    fn ready(&self, _: Readiness) {
        self.ready.set(true);
        self.wake();
    }

    fn done(&self, result: io::Result<u64>) {
        self.done.set(Some(result));
        self.wake();
    }

    fn refused(&self, error: io::Error) {
        self.error.set(Some(error));
        self.wake();
    }

    fn abandon(&self) {
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
            ready: Cell::new(false),
            error: Cell::new(None),
            done: Cell::new(None),
            waker: RefCell::new(None),
        });
        let key = engine.adopt(source, Rc::clone(&waiter) as Rc<dyn Watched>);
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

    /// Waits for the end of a job in flight.
    pub(crate) async fn done(&mut self) -> io::Result<u64> {
        Signal {
            waiter: &self.waiter,
            taken: |waiter: &Waiter| waiter.done.take(),
        }
        .await?
    }
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
        self.engine.disown(self.source, self.key);
    }
}
