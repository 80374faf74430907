//! The backend: kqueue(2), level-triggered, through `polling`.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use loopline_core::backend::{
    Backend, Capabilities, Events, Interest, Key, Rewatched, SendFile, Sent, Source, Waker,
};
use polling::{Event, PollMode};
use rustix::fs::{FileType, fstat};
use rustix::io::Errno;

use crate::batch::Batch;
use crate::send_file::send_file;
use crate::sys;
use crate::timeout::Deadline;
use crate::wake::Alarm;

/// A [`Backend`] over kqueue(2).
///
/// It watches sockets, pipes, terminals and whatever else has read and write
/// filters; not regular files, directories and block devices. Files leave
/// through sendfile(2) where the system has one.
///
/// ```
/// use std::time::Duration;
/// use loopline_backend_kqueue::KqueueBackend;
/// use loopline_core::backend::{Backend, Events};
///
/// let mut backend = KqueueBackend::new()?;
/// backend.waker().wake();
/// backend.wait(None, &mut Events::default())?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct KqueueBackend {
    alarm: Arc<Alarm>,
    batch: Batch,
}

impl KqueueBackend {
    /// Makes a backend with a queue of its own.
    ///
    /// # Errors
    ///
    /// Whatever kqueue(2) answers, such as EMFILE, and socketpair(2) on systems
    /// without user events.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            alarm: Alarm::new()?,
            batch: Batch::new(),
        })
    }

    fn modify(&self, source: Source<'_>, event: Event) -> io::Result<()> {
        let poller = self.alarm.poller();
        poller.modify_with_mode(source, event, PollMode::Level)
    }

    /// Passes an answer on. After an error nothing is registered.
    fn settle(&self, source: Source<'_>, answer: io::Result<()>) -> io::Result<()> {
        answer.map_err(|error| {
            // One of two filters may be there, and the number in the books of
            // `polling`. That neither is counts for nothing.
            let _ = self.alarm.poller().delete(source);
            refusal(error)
        })
    }
}

impl Backend for KqueueBackend {
    fn name(&self) -> &'static str {
        sys::NAME
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.send_file = sys::SENDS_FILES;
        capabilities.watches_any_descriptor = true;
        capabilities
    }

    fn watch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<()> {
        if has_no_readiness(source) {
            return Err(unsupported());
        }
        let event = event(key, want);
        let answer = match sys::add(self.alarm.poller(), source, event) {
            // Watched already, or a number that `polling` has seen before: it
            // does not hear of what is closed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.modify(source, event)
            }
            answer => answer,
        };
        self.settle(source, answer)
    }

    fn rewatch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<Rewatched> {
        let event = event(key, want);
        // Only the kernel knows whether this is the source of before, or
        // another one of that number (line C28).
        if sys::is_known(self.alarm.poller(), source, event)? {
            match self.modify(source, event) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                answer => {
                    return self.settle(source, answer).map(|()| Rewatched::Changed);
                }
            }
        }
        self.watch(source, key, want).map(|()| Rewatched::Anew)
    }

    fn unwatch(&mut self, source: Source<'_>, _key: Key) -> io::Result<()> {
        match self.alarm.poller().delete(source) {
            // Not registered, closed, or of a kind that never is.
            Err(error)
                if matches!(
                    Errno::from_io_error(&error),
                    Some(Errno::NOENT | Errno::BADF | Errno::PERM)
                ) || error.kind() == io::ErrorKind::NotFound =>
            {
                Ok(())
            }
            answer => answer,
        }
    }

    fn wait(&mut self, timeout: Option<Duration>, events: &mut Events) -> io::Result<()> {
        let deadline = Deadline::after(timeout);
        loop {
            self.batch.fill(self.alarm.poller(), deadline.step())?;
            let woken = self.alarm.taken();
            if woken || !self.batch.is_empty() || deadline.is_over() {
                break;
            }
        }
        self.batch
            .for_each(|key, ready| events.push_ready(key, ready));
        Ok(())
    }

    fn waker(&self) -> Waker {
        self.alarm.waker()
    }

    fn send_file(&mut self, _key: Key, job: &SendFile<'_>) -> io::Result<Sent> {
        send_file(job)
    }
}

impl fmt::Debug for KqueueBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KqueueBackend")
            .field("alarm", &self.alarm)
            .finish_non_exhaustive()
    }
}

/// What the kernel is to report, and as what. The crate is only built where a
/// pointer, and so the user data of an event, has the 64 bits of a key.
fn event(key: Key, want: Interest) -> Event {
    Event::new(
        key.to_bits() as usize,
        want.contains(Interest::READ),
        want.contains(Interest::WRITE),
    )
}

/// Whether a source is of a kind that is always ready (B6). A kqueue accepts
/// those and epoll(7) does not: so they are asked for, and refused alike.
fn has_no_readiness(source: Source<'_>) -> bool {
    // What cannot say what it is, is left to the kernel.
    fstat(source).is_ok_and(|stat| {
        matches!(
            FileType::from_raw_mode(stat.st_mode),
            FileType::RegularFile | FileType::Directory | FileType::BlockDevice
        )
    })
}

fn unsupported() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "this kind of descriptor has no readiness that could be watched",
    )
}

/// The error for a source that the kernel does not take (B6): with these words
/// a driver says that it has no such filter.
fn refusal(error: io::Error) -> io::Error {
    match Errno::from_io_error(&error) {
        Some(errno) if [Errno::PERM, Errno::INVAL, Errno::NODEV].contains(&errno) => unsupported(),
        Some(errno) if [Errno::OPNOTSUPP, Errno::NOTSUP].contains(&errno) => unsupported(),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use loopline_core::backend::AsSource;

    use super::*;

    #[test]
    fn a_key_is_the_user_data_whole() {
        let key = Key::new(0x8000_0001, 0xfedc_ba98);
        let event = event(key, Interest::WRITE);
        assert_eq!(Key::from_bits(event.key as u64), key);
        assert!(event.writable && !event.readable);
    }

    #[test]
    fn files_and_directories_have_no_readiness() {
        let directory = File::open(std::env::temp_dir()).expect("a directory");
        let file = File::open(std::env::current_exe().expect("a program")).expect("a file");
        let (reader, writer) = io::pipe().expect("a pipe");
        assert!(has_no_readiness(directory.as_source()));
        assert!(has_no_readiness(file.as_source()));
        assert!(!has_no_readiness(reader.as_source()));
        assert!(!has_no_readiness(writer.as_source()));
    }

    #[test]
    fn only_a_refused_kind_is_unsupported() {
        for errno in [Errno::PERM, Errno::INVAL, Errno::NODEV, Errno::OPNOTSUPP] {
            let error = refusal(errno.into());
            assert_eq!(error.kind(), io::ErrorKind::Unsupported, "{errno}");
        }
        for errno in [Errno::NOMEM, Errno::BADF, Errno::NOSPC] {
            let error = refusal(errno.into());
            assert_eq!(error.raw_os_error(), Some(errno.raw_os_error()), "{errno}");
        }
    }

    #[test]
    fn a_wait_that_the_kernel_ends_early_goes_on() {
        let mut backend = KqueueBackend::new().expect("a queue");
        // The kernel's notification without the alarm's: nobody was woken.
        backend.alarm.poller().notify().expect("notified");
        let timeout = Duration::from_millis(5);
        let begin = std::time::Instant::now();
        backend
            .wait(Some(timeout), &mut Events::default())
            .expect("a wait");
        assert!(begin.elapsed() >= timeout);
    }
}
