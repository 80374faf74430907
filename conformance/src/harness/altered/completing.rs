//! Sending that ends later.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::num::NonZeroU64;
use std::rc::Rc;
use std::time::Duration;

use loopline_core::backend::{
    AsSource, Backend, BorrowedFile, Capabilities, Event, Events, Interest, Key, SendFile, Sent,
};

use super::Alter;
use crate::harness::os;

/// The generation of the keys under which sockets with a job are watched. An
/// engine would have to use a slot four thousand million times to get there.
const OWN: u32 = u32::MAX - 1;

/// What a case knows of the jobs, and how it holds them up.
#[derive(Default)]
pub(crate) struct Hold {
    /// While this is set no job gets anywhere.
    pub(crate) held: Cell<bool>,
    /// Whether a job that is cancelled sends before it ends, as a kernel does
    /// that was already at it.
    pub(crate) sends_when_cancelled: Cell<bool>,
    /// How many jobs began.
    pub(crate) begun: Cell<u64>,
    /// How many jobs were cancelled.
    pub(crate) cancelled: Cell<u64>,
    /// How many jobs are in flight.
    pub(crate) in_flight: Cell<usize>,
}

struct Job {
    key: Key,
    own: Key,
    socket: os::OwnedSource,
    file: File,
    offset: u64,
    len: NonZeroU64,
    cancelled: bool,
    watched: bool,
}

/// Answers [`Sent::InFlight`], sends while it waits, from handles of its own,
/// and reports the end.
pub(crate) struct Completing {
    hold: Rc<Hold>,
    most: NonZeroU64,
    jobs: Vec<Job>,
    slots: u32,
}

impl Completing {
    pub(crate) fn new(most: NonZeroU64, hold: Rc<Hold>) -> Self {
        Self {
            hold,
            most,
            jobs: Vec::new(),
            slots: 0,
        }
    }

    /// Tries every job, and reports those that are done.
    fn work(&mut self, inner: &mut dyn Backend, events: &mut Events) -> io::Result<()> {
        for mut job in std::mem::take(&mut self.jobs) {
            let result = if job.cancelled {
                Some(self.end_of_cancelled(inner, &job))
            } else if self.hold.held.get() {
                None
            } else {
                match attempt(inner, &job) {
                    Ok(Sent::Bytes(sent)) => Some(Ok(sent)),
                    Ok(_) => None,
                    Err(error) => Some(Err(error)),
                }
            };
            match result {
                Some(result) => {
                    if job.watched {
                        inner.unwatch(job.socket.as_source(), job.own)?;
                    }
                    events.push_done(job.key, result);
                }
                None => {
                    let wanted = !self.hold.held.get();
                    if wanted && !job.watched {
                        inner.watch(job.socket.as_source(), job.own, Interest::WRITE)?;
                    } else if !wanted && job.watched {
                        inner.unwatch(job.socket.as_source(), job.own)?;
                    }
                    job.watched = wanted;
                    self.jobs.push(job);
                }
            }
        }
        self.hold.in_flight.set(self.jobs.len());
        Ok(())
    }

    fn end_of_cancelled(&self, inner: &mut dyn Backend, job: &Job) -> io::Result<u64> {
        let aborted = || Err(io::ErrorKind::ConnectionAborted.into());
        if !self.hold.sends_when_cancelled.get() {
            return aborted();
        }
        match attempt(inner, job)? {
            Sent::Bytes(sent) => Ok(sent),
            _ => aborted(),
        }
    }
}

fn attempt(inner: &mut dyn Backend, job: &Job) -> io::Result<Sent> {
    if inner.capabilities().completes {
        // It would have to be told apart what has ended inside.
        return copy(job);
    }
    let stretch = SendFile {
        socket: job.socket.as_source(),
        file: BorrowedFile::from(&job.file),
        offset: job.offset,
        len: job.len,
    };
    inner.send_file(job.own, &stretch)
}

/// Reads and writes, and leaves the position of the file alone.
fn copy(job: &Job) -> io::Result<Sent> {
    let about = job.file.metadata();
    let Some(about) = about.ok().filter(std::fs::Metadata::is_file) else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    let most = usize::try_from(job.len.get()).unwrap_or(usize::MAX);
    let mut bytes = vec![0; most.min(256 * 1024)];
    let mut file = &job.file;
    let position = file.stream_position()?;
    let moved = file.seek(SeekFrom::Start(job.offset));
    let read = moved.and_then(|_| file.read(&mut bytes));
    file.seek(SeekFrom::Start(position))?;
    let read = match read {
        // The largest offsets are refused, and not said to be the end.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput && job.offset >= about.len() => 0,
        other => other?,
    };
    let bytes = &bytes[..read];
    if bytes.is_empty() {
        return Ok(Sent::Bytes(0));
    }
    let socket = TcpStream::from(os::own_source(job.socket.as_source())?);
    match (&socket).write(bytes) {
        Ok(sent) => Ok(Sent::Bytes(sent as u64)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Sent::NotReady),
        Err(error) => Err(error),
    }
}

impl Alter for Completing {
    fn capabilities(&self, inner: Capabilities) -> Capabilities {
        let mut capabilities = inner;
        capabilities.completes = true;
        capabilities
    }

    fn wait(
        &mut self,
        inner: &mut dyn Backend,
        timeout: Option<Duration>,
        events: &mut Events,
    ) -> io::Result<()> {
        self.work(inner, events)?;
        let timeout = if events.is_empty() {
            timeout
        } else {
            Some(Duration::ZERO)
        };
        let mut brought = Events::default();
        inner.wait(timeout, &mut brought)?;
        while let Some(event) = brought.pop() {
            match event {
                Event::Ready { key, ready } if key.generation() != OWN => {
                    events.push_ready(key, ready);
                }
                Event::Done { key, result } => events.push_done(key, result),
                _ => {}
            }
        }
        self.work(inner, events)
    }

    fn send_file(
        &mut self,
        _inner: &mut dyn Backend,
        key: Key,
        job: &SendFile<'_>,
    ) -> io::Result<Sent> {
        assert!(
            self.jobs.iter().all(|other| other.key != key),
            "a second job begins while one is in flight"
        );
        self.slots += 1;
        self.jobs.push(Job {
            key,
            own: Key::new(self.slots, OWN),
            socket: os::own_source(job.socket)?,
            file: os::own_file(job.file)?,
            offset: job.offset,
            len: job.len.min(self.most),
            cancelled: false,
            watched: false,
        });
        self.hold.begun.set(self.hold.begun.get() + 1);
        self.hold.in_flight.set(self.jobs.len());
        Ok(Sent::InFlight)
    }

    fn cancel(&mut self, _inner: &mut dyn Backend, key: Key) {
        for job in self.jobs.iter_mut().filter(|job| job.key == key) {
            if !job.cancelled {
                job.cancelled = true;
                self.hold.cancelled.set(self.hold.cancelled.get() + 1);
            }
        }
    }
}
