//! The backend: epoll(7), level-triggered.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use loopline_core::backend::{
    Backend, BorrowedFile, Capabilities, Events, Interest, Key, Rewatched, SendFile, Sent, Source,
    Waker,
};
use nix::sys::epoll::Epoll;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;

use crate::batch::Batch;
use crate::read_file::read_file;
use crate::send_file::send_file;
use crate::wake::{self, Alarm};

/// A [`Backend`] over epoll(7).
///
/// It watches whatever epoll does: sockets, pipes, terminals, event, timer and
/// signal descriptors; not regular files and directories. Files leave through
/// sendfile(2), and what is in the page cache is read with preadv2(2).
///
/// ```
/// use std::time::Duration;
/// use loopline_backend_epoll::EpollBackend;
/// use loopline_core::backend::{Backend, Events};
///
/// let mut backend = EpollBackend::new()?;
/// backend.waker().wake();
/// backend.wait(None, &mut Events::default())?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct EpollBackend {
    epoll: Epoll,
    alarm: Arc<Alarm>,
    batch: Batch,
}

impl EpollBackend {
    /// Makes a backend with an epoll set of its own.
    ///
    /// Waits are measured in nanoseconds with epoll_pwait2(2), which is there
    /// since Linux 5.11; where the kernel does not know it, or a sandbox does
    /// not let it through, in milliseconds with epoll_wait(2).
    ///
    /// # Errors
    ///
    /// Whatever epoll_create1(2) and eventfd(2) answer, such as EMFILE.
    pub fn new() -> io::Result<Self> {
        Self::with_batch(Batch::nanoseconds())
    }

    /// Makes a backend that never tries epoll_pwait2(2), for sandboxes that
    /// end a process at the first system call that they do not know.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn with_millisecond_waits() -> io::Result<Self> {
        Self::with_batch(Batch::milliseconds())
    }

    fn with_batch(batch: Batch) -> io::Result<Self> {
        let epoll = Epoll(epoll::create(CreateFlags::CLOEXEC)?);
        let alarm = Alarm::new()?;
        let flags = EventFlags::IN | EventFlags::ET;
        epoll::add(
            &epoll.0,
            &*alarm,
            EventData::new_u64(wake::USER_DATA),
            flags,
        )?;
        Ok(Self {
            epoll,
            alarm,
            batch,
        })
    }

    fn add(&self, source: Source<'_>, key: Key, want: Interest) -> rustix::io::Result<()> {
        let data = EventData::new_u64(key.to_bits());
        epoll::add(&self.epoll.0, source, data, flags(want))
    }

    fn modify(&self, source: Source<'_>, key: Key, want: Interest) -> rustix::io::Result<()> {
        let data = EventData::new_u64(key.to_bits());
        epoll::modify(&self.epoll.0, source, data, flags(want))
    }
}

impl Backend for EpollBackend {
    fn name(&self) -> &'static str {
        "epoll"
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.send_file = true;
        capabilities.read_file = true;
        capabilities.watches_any_descriptor = true;
        capabilities
    }

    fn watch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<()> {
        let answer = match self.add(source, key, want) {
            Err(Errno::EXIST) => self.modify(source, key, want),
            answer => answer,
        };
        answer.map_err(refusal)
    }

    fn rewatch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<Rewatched> {
        // The kernel knows a source by its number and its open file: that it
        // knows none says that this is not the file of before (line C28).
        match self.modify(source, key, want) {
            Ok(()) => Ok(Rewatched::Changed),
            Err(Errno::NOENT) => self
                .add(source, key, want)
                .map(|()| Rewatched::Anew)
                .map_err(refusal),
            Err(error) => Err(refusal(error)),
        }
    }

    fn unwatch(&mut self, source: Source<'_>, _key: Key) -> io::Result<()> {
        match epoll::delete(&self.epoll.0, source) {
            // Not registered, closed, or of a kind that never is.
            Ok(()) | Err(Errno::NOENT | Errno::BADF | Errno::PERM) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn wait(&mut self, timeout: Option<Duration>, events: &mut Events) -> io::Result<()> {
        self.batch.wait(&self.epoll, timeout, &self.alarm, events)
    }

    fn waker(&self) -> Waker {
        self.alarm.waker()
    }

    fn send_file(&mut self, _key: Key, job: &SendFile<'_>) -> io::Result<Sent> {
        send_file(job)
    }

    fn read_file(
        &mut self,
        file: BorrowedFile<'_>,
        offset: u64,
        into: &mut [u8],
    ) -> io::Result<usize> {
        read_file(file, offset, into)
    }
}

impl fmt::Debug for EpollBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EpollBackend")
            .field("epoll", &self.epoll)
            .finish_non_exhaustive()
    }
}

fn flags(want: Interest) -> EventFlags {
    let mut flags = EventFlags::empty();
    flags.set(EventFlags::IN, want.contains(Interest::READ));
    flags.set(EventFlags::OUT, want.contains(Interest::WRITE));
    flags
}

/// The error for a source that epoll does not take (B6).
fn refusal(error: Errno) -> io::Error {
    if error == Errno::PERM {
        return io::Error::new(
            io::ErrorKind::Unsupported,
            "epoll(7) watches no regular files and directories: they have no readiness",
        );
    }
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refused_kind_is_unsupported() {
        assert_eq!(refusal(Errno::PERM).kind(), io::ErrorKind::Unsupported);
        let error = refusal(Errno::NOSPC);
        assert_eq!(error.raw_os_error(), Some(Errno::NOSPC.raw_os_error()));
    }
}
