//! The subject's backend, with one answer changed: how a case forces the way
//! that a file takes, whatever the backend can do.

mod completing;
mod failing;
mod spurious;
mod trickling;

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use loopline_core::backend::{
    Backend, BorrowedFile, Capabilities, Events, Interest, Key, Network, Rewatched, SendFile, Sent,
    Source, Waker,
};

pub(crate) use completing::{Completing, Hold};
pub(crate) use failing::{Failing, Unreadable};
pub(crate) use spurious::Spurious;
pub(crate) use trickling::Trickling;

/// What is changed about a backend.
pub(crate) trait Alter {
    fn capabilities(&self, inner: Capabilities) -> Capabilities {
        inner
    }

    /// A source is watched, or for something else from now on.
    fn watched(&mut self, _key: Key, _want: Interest) {}

    /// A source is watched no more.
    fn unwatched(&mut self, _key: Key) {}

    fn wait(
        &mut self,
        inner: &mut dyn Backend,
        timeout: Option<Duration>,
        events: &mut Events,
    ) -> io::Result<()> {
        inner.wait(timeout, events)
    }

    fn send_file(
        &mut self,
        inner: &mut dyn Backend,
        key: Key,
        job: &SendFile<'_>,
    ) -> io::Result<Sent> {
        inner.send_file(key, job)
    }

    fn cancel(&mut self, inner: &mut dyn Backend, key: Key) {
        inner.cancel(key);
    }

    fn read_file(
        &mut self,
        inner: &mut dyn Backend,
        file: BorrowedFile<'_>,
        offset: u64,
        into: &mut [u8],
    ) -> io::Result<usize> {
        inner.read_file(file, offset, into)
    }
}

/// A backend of which something is changed.
pub(crate) struct Altered<A> {
    inner: Box<dyn Backend>,
    alteration: A,
}

impl<A: Alter + 'static> Altered<A> {
    pub(crate) fn boxed(inner: Box<dyn Backend>, alteration: A) -> Box<dyn Backend> {
        Box::new(Self { inner, alteration })
    }
}

impl<A: Alter> Backend for Altered<A> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.alteration.capabilities(self.inner.capabilities())
    }

    fn watch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<()> {
        self.alteration.watched(key, want);
        self.inner.watch(source, key, want)
    }

    fn rewatch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<Rewatched> {
        self.alteration.watched(key, want);
        self.inner.rewatch(source, key, want)
    }

    fn unwatch(&mut self, source: Source<'_>, key: Key) -> io::Result<()> {
        self.alteration.unwatched(key);
        self.inner.unwatch(source, key)
    }

    fn wait(&mut self, timeout: Option<Duration>, events: &mut Events) -> io::Result<()> {
        self.alteration.wait(&mut *self.inner, timeout, events)
    }

    fn waker(&self) -> Waker {
        self.inner.waker()
    }

    fn now(&self) -> Instant {
        self.inner.now()
    }

    fn hold_clock(&mut self, held: bool) {
        self.inner.hold_clock(held);
    }

    fn network(&self) -> Option<Rc<dyn Network>> {
        self.inner.network()
    }

    fn send_file(&mut self, key: Key, job: &SendFile<'_>) -> io::Result<Sent> {
        self.alteration.send_file(&mut *self.inner, key, job)
    }

    fn cancel(&mut self, key: Key) {
        self.alteration.cancel(&mut *self.inner, key);
    }

    fn read_file(
        &mut self,
        file: BorrowedFile<'_>,
        offset: u64,
        into: &mut [u8],
    ) -> io::Result<usize> {
        self.alteration
            .read_file(&mut *self.inner, file, offset, into)
    }
}

/// Sends no file itself; reads one only where that takes no thread, if at all.
pub(crate) struct Refusing {
    pub(crate) reads: bool,
}

impl Alter for Refusing {
    fn send_file(
        &mut self,
        _inner: &mut dyn Backend,
        _key: Key,
        _job: &SendFile<'_>,
    ) -> io::Result<Sent> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn read_file(
        &mut self,
        inner: &mut dyn Backend,
        file: BorrowedFile<'_>,
        offset: u64,
        into: &mut [u8],
    ) -> io::Result<usize> {
        if self.reads {
            return inner.read_file(file, offset, into);
        }
        Err(io::ErrorKind::WouldBlock.into())
    }
}

/// What was asked of a backend.
#[derive(Default)]
pub(crate) struct Tally {
    /// How often it was asked to send.
    pub(crate) sends: Cell<u64>,
    /// The most that it was asked to send at once, in bytes.
    pub(crate) largest: Cell<u64>,
    /// How often it was asked to send since it waited last.
    pub(crate) since_wait: Cell<u64>,
    /// The most of that.
    pub(crate) most_in_a_turn: Cell<u64>,
}

/// Changes nothing, and counts.
pub(crate) struct Counting(pub(crate) Rc<Tally>);

impl Alter for Counting {
    fn wait(
        &mut self,
        inner: &mut dyn Backend,
        timeout: Option<Duration>,
        events: &mut Events,
    ) -> io::Result<()> {
        self.0.since_wait.set(0);
        inner.wait(timeout, events)
    }

    fn send_file(
        &mut self,
        inner: &mut dyn Backend,
        key: Key,
        job: &SendFile<'_>,
    ) -> io::Result<Sent> {
        let tally = &self.0;
        tally.sends.set(tally.sends.get() + 1);
        tally.largest.set(tally.largest.get().max(job.len.get()));
        tally.since_wait.set(tally.since_wait.get() + 1);
        let most = tally.most_in_a_turn.get().max(tally.since_wait.get());
        tally.most_in_a_turn.set(most);
        inner.send_file(key, job)
    }
}
