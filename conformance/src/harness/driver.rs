//! A backend in the hands of a case: what the engine does with it, in small.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use loopline_core::backend::{
    AsSource, Backend, BorrowedFile, Event, Events, Interest, Key, Readiness, Rewatched, SendFile,
    Sent, Waker,
};

use crate::context::Context;
use crate::verdict::Stop;

/// How long to look for what must not come, after looking at once. What comes
/// later than this goes unnoticed; what does not come costs this much.
const A_WHILE: Duration = Duration::from_millis(10);

/// The largest stretch that is asked for in one call, in bytes, as the engine
/// bounds it so that one connection does not hold up the others.
const STRETCH: u64 = 256 * 1024;

/// A backend and the events that it reports.
pub(crate) struct Driver {
    pub(crate) backend: Box<dyn Backend>,
    context: Context,
}

/// What one wait or several have brought.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    ready: BTreeMap<Key, Readiness>,
    pub(crate) done: Vec<(Key, io::Result<u64>)>,
}

impl Batch {
    /// What a key was reported ready for.
    pub(crate) fn of(&self, key: Key) -> Readiness {
        self.ready.get(&key).copied().unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.done.is_empty()
    }
}

impl Driver {
    pub(crate) fn new(context: &Context) -> Result<Self, Stop> {
        Ok(Self {
            backend: context.backend()?,
            context: context.clone(),
        })
    }

    pub(crate) fn watch(
        &mut self,
        source: &impl AsSource,
        key: Key,
        want: Interest,
    ) -> io::Result<()> {
        self.context.doing(format!("watching {key:?} for {want:?}"));
        self.backend.watch(source.as_source(), key, want)
    }

    pub(crate) fn rewatch(
        &mut self,
        source: &impl AsSource,
        key: Key,
        want: Interest,
    ) -> io::Result<Rewatched> {
        self.context
            .doing(format!("rewatching {key:?} for {want:?}"));
        self.backend.rewatch(source.as_source(), key, want)
    }

    pub(crate) fn unwatch(&mut self, source: &impl AsSource, key: Key) -> io::Result<()> {
        self.context.doing(format!("unwatching {key:?}"));
        self.backend.unwatch(source.as_source(), key)
    }

    pub(crate) fn waker(&self) -> Waker {
        self.backend.waker()
    }

    pub(crate) fn now(&self) -> Instant {
        self.backend.now()
    }

    /// One wait.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> io::Result<Batch> {
        let mut batch = Batch::default();
        self.wait_into(timeout, &mut batch)?;
        Ok(batch)
    }

    /// One wait that does not wait.
    pub(crate) fn poll(&mut self) -> io::Result<Batch> {
        self.wait(Some(Duration::ZERO))
    }

    /// What comes unasked for a while: for what must not come.
    pub(crate) fn linger(&mut self) -> io::Result<Batch> {
        let mut batch = Batch::default();
        for timeout in [Duration::ZERO, Duration::ZERO, A_WHILE, Duration::ZERO] {
            self.wait_into(Some(timeout), &mut batch)?;
        }
        Ok(batch)
    }

    /// Waits until a key has been reported ready for all of this.
    pub(crate) fn until_ready(&mut self, key: Key, ready: Readiness) -> io::Result<Batch> {
        self.context
            .doing(format!("waiting for {key:?} to be ready for {ready:?}"));
        let mut batch = Batch::default();
        while !batch.of(key).contains(ready) {
            self.wait_into(None, &mut batch)?;
        }
        Ok(batch)
    }

    /// Waits until the job of a key is done.
    pub(crate) fn until_done(&mut self, key: Key) -> io::Result<u64> {
        self.context
            .doing(format!("waiting for the job of {key:?} to be done"));
        loop {
            let mut done = self.wait(None)?.done;
            if let Some((of, result)) = done.pop() {
                assert_eq!(of, key, "a job is done that was not started");
                assert!(done.is_empty(), "more than one job is done");
                return result;
            }
        }
    }

    fn wait_into(&mut self, timeout: Option<Duration>, batch: &mut Batch) -> io::Result<()> {
        let mut events = Events::default();
        self.backend.wait(timeout, &mut events)?;
        while let Some(event) = events.pop() {
            match event {
                Event::Ready { key, ready } => *batch.ready.entry(key).or_default() |= ready,
                Event::Done { key, result } => batch.done.push((key, result)),
                other => panic!("the suite does not know {other:?}"),
            }
        }
        Ok(())
    }

    /// One call that sends a stretch of a file, in flight or not.
    pub(crate) fn start_sending(
        &mut self,
        key: Key,
        socket: &impl AsSource,
        file: &File,
        stretch: Stretch,
    ) -> io::Result<Sent> {
        let job = SendFile {
            socket: socket.as_source(),
            file: BorrowedFile::from(file),
            offset: stretch.offset,
            len: stretch.len,
        };
        self.backend.send_file(key, &job)
    }

    /// One call that sends a stretch of a file, and the end of the job if that
    /// is in flight.
    pub(crate) fn send(
        &mut self,
        key: Key,
        socket: &impl AsSource,
        file: &File,
        stretch: Stretch,
    ) -> io::Result<Sent> {
        self.context.doing(format!("sending {stretch:?}"));
        let sent = match self.start_sending(key, socket, file, stretch)? {
            Sent::InFlight => Sent::Bytes(self.until_done(key)?),
            other => other,
        };
        if let Sent::Bytes(count) = sent {
            assert!(
                count <= stretch.len.get(),
                "{count} bytes left of {stretch:?}"
            );
        }
        Ok(sent)
    }

    /// Sends a stretch of a file, and waits as often as the socket is full.
    /// Returns how many bytes left, which are fewer if the file ends.
    pub(crate) fn send_whole(
        &mut self,
        key: Key,
        socket: &impl AsSource,
        file: &File,
        stretch: Stretch,
    ) -> io::Result<u64> {
        let mut sent = 0;
        while let Some(rest) = stretch.after(sent) {
            match self.send(key, socket, file, rest)? {
                Sent::Bytes(0) => break,
                Sent::Bytes(count) => sent += count,
                _ => {
                    self.watch(socket, key, Interest::WRITE)?;
                    self.until_ready(key, Readiness::WRITE)?;
                    self.unwatch(socket, key)?;
                }
            }
        }
        Ok(sent)
    }
}

/// A part of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) offset: u64,
    pub(crate) len: NonZeroU64,
}

impl Stretch {
    /// So many bytes, at least one, from an offset.
    pub(crate) fn new(offset: u64, len: u64) -> Self {
        Self {
            offset,
            len: NonZeroU64::new(len).unwrap_or(NonZeroU64::MIN),
        }
    }

    /// What is to be asked for next when so many bytes have left.
    fn after(self, sent: u64) -> Option<Self> {
        let left = self.len.get().checked_sub(sent)?;
        let len = NonZeroU64::new(left.min(STRETCH))?;
        Some(Self {
            offset: self.offset + sent,
            len,
        })
    }
}
