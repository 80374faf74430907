//! A backend that completes, made of one that does not.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

use loopline_backend_epoll::EpollBackend;
use loopline_core::backend::{
    AsSource, Backend, BorrowedFile, Capabilities, Event, Events, Interest, Key, Rewatched,
    SendFile, Sent, Source, Waker,
};

use super::fault::Fault;

/// Sends files while it waits, from handles of its own.
pub(super) struct Completing {
    inner: EpollBackend,
    jobs: Vec<Job>,
    fault: Option<Fault>,
}

struct Job {
    key: Key,
    socket: OwnedFd,
    file: File,
    offset: u64,
    len: std::num::NonZeroU64,
    cancelled: bool,
}

impl Completing {
    pub(super) fn new(fault: Option<Fault>) -> io::Result<Self> {
        Ok(Self {
            inner: EpollBackend::new()?,
            jobs: Vec::new(),
            fault,
        })
    }

    /// Tries every job, and reports those that are done.
    fn work(&mut self, events: &mut Events) {
        let jobs = std::mem::take(&mut self.jobs);
        for job in jobs {
            match self.attempt(&job) {
                Ok(Sent::Bytes(sent)) => self.finish(&job, Ok(sent), events),
                Ok(_) => self.jobs.push(job),
                Err(error) => self.finish(&job, Err(error), events),
            }
        }
    }

    fn attempt(&mut self, job: &Job) -> io::Result<Sent> {
        if job.cancelled {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let stretch = SendFile {
            socket: job.socket.as_source(),
            file: BorrowedFile::from(&job.file),
            offset: job.offset,
            len: job.len,
        };
        self.inner.send_file(job.key, &stretch)
    }

    fn finish(&self, job: &Job, result: io::Result<u64>, events: &mut Events) {
        if self.fault == Some(Fault::IsDoneTwice) {
            events.push_done(job.key, Ok(0));
        }
        let wrong = u64::from(self.fault == Some(Fault::Miscounts));
        events.push_done(job.key, result.map(|sent| sent + wrong));
    }

    /// A wait that a socket with a job ends too.
    fn wait_with_jobs(&mut self, timeout: Option<Duration>, events: &mut Events) -> io::Result<()> {
        for (job, slot) in self.jobs.iter().zip(0..) {
            let key = Key::new(slot, u32::MAX);
            self.inner
                .watch(job.socket.as_source(), key, Interest::WRITE)?;
        }
        let mut brought = Events::default();
        let waited = self.inner.wait(timeout, &mut brought);
        for job in &self.jobs {
            self.inner.unwatch(job.socket.as_source(), job.key)?;
        }
        while let Some(Event::Ready { key, ready }) = brought.pop() {
            if key.generation() != u32::MAX || key.slot() as usize >= self.jobs.len() {
                events.push_ready(key, ready);
            }
        }
        waited
    }
}

impl Backend for Completing {
    fn name(&self) -> &'static str {
        "completing"
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = self.inner.capabilities();
        capabilities.completes = true;
        capabilities
    }

    fn watch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<()> {
        self.inner.watch(source, key, want)
    }

    fn rewatch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<Rewatched> {
        self.inner.rewatch(source, key, want)
    }

    fn unwatch(&mut self, source: Source<'_>, key: Key) -> io::Result<()> {
        self.inner.unwatch(source, key)
    }

    fn wait(&mut self, timeout: Option<Duration>, events: &mut Events) -> io::Result<()> {
        self.work(events);
        let timeout = if events.is_empty() {
            timeout
        } else {
            Some(Duration::ZERO)
        };
        self.wait_with_jobs(timeout, events)?;
        self.work(events);
        Ok(())
    }

    fn waker(&self) -> Waker {
        self.inner.waker()
    }

    fn send_file(&mut self, key: Key, job: &SendFile<'_>) -> io::Result<Sent> {
        self.jobs.push(Job {
            key,
            socket: job.socket.fd().try_clone_to_owned()?,
            file: job.file.fd().try_clone_to_owned()?.into(),
            offset: job.offset,
            len: job.len,
            cancelled: false,
        });
        Ok(Sent::InFlight)
    }

    fn cancel(&mut self, key: Key) {
        for job in self.jobs.iter_mut().filter(|job| job.key == key) {
            job.cancelled = true;
        }
    }

    fn read_file(
        &mut self,
        file: BorrowedFile<'_>,
        offset: u64,
        into: &mut [u8],
    ) -> io::Result<usize> {
        self.inner.read_file(file, offset, into)
    }
}

impl Drop for Completing {
    fn drop(&mut self) {
        while self.fault == Some(Fault::DropsForever) && !self.jobs.is_empty() {
            thread::park();
        }
    }
}
