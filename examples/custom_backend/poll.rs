//! The backend: poll(2), which takes the whole list of descriptors at each call.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use loopline_core::backend::{
    Backend, Capabilities, Events, Interest, Key, Readiness, Rewatched, Source, Wake, Waker,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, fstat};
use rustix::io::Errno;

/// The longest that one call waits. Not every system takes more than an `int`
/// of milliseconds; what is longer is waited in several calls.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// A backend over poll(2), for any Unix.
pub(crate) struct PollBackend {
    /// What is watched, by the number of the descriptor: that is the order in
    /// which events are reported, too.
    watched: BTreeMap<u64, Watched>,
    /// The end that poll(2) looks at; the wakers write to the other.
    alarm: UnixStream,
    bell: Arc<Bell>,
}

/// One registration.
struct Watched {
    /// A duplicate. The list is needed again long after the borrow of
    /// [`Source`] has ended, and a bare number might be another file by then.
    fd: OwnedFd,
    key: Key,
    want: Interest,
}

impl PollBackend {
    /// Makes a backend that watches nothing yet.
    pub(crate) fn new() -> io::Result<Self> {
        // The standard library makes descriptors that no child inherits (B13).
        let (alarm, bell) = UnixStream::pair()?;
        alarm.set_nonblocking(true)?;
        bell.set_nonblocking(true)?;
        Ok(Self {
            watched: BTreeMap::new(),
            alarm,
            bell: Arc::new(Bell(bell)),
        })
    }

    /// Forgets that it was woken, before the wait returns: what a waker says
    /// from here on is for the next one.
    fn hush(&mut self) -> io::Result<()> {
        loop {
            match self.alarm.read(&mut [0; 64]) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

impl Backend for PollBackend {
    fn name(&self) -> &'static str {
        "poll"
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.watches_any_descriptor = true;
        capabilities.send_file = cfg!(target_os = "linux");
        capabilities
    }

    fn watch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<()> {
        // Whatever was watched under this number before (B4).
        self.watched.remove(&source.number());
        has_readiness(source)?;
        let fd = source.as_fd().try_clone_to_owned()?;
        let watched = Watched { fd, key, want };
        self.watched.insert(source.number(), watched);
        Ok(())
    }

    fn rewatch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<Rewatched> {
        match self.watched.get_mut(&source.number()) {
            Some(watched) if is_same_file(watched, source)? => {
                watched.key = key;
                watched.want = want;
                Ok(Rewatched::Changed)
            }
            _ => self.watch(source, key, want).map(|()| Rewatched::Anew),
        }
    }

    fn unwatch(&mut self, source: Source<'_>, _key: Key) -> io::Result<()> {
        self.watched.remove(&source.number());
        Ok(())
    }

    fn wait(&mut self, timeout: Option<Duration>, events: &mut Events) -> io::Result<()> {
        // What lies beyond the end of the clock is forever.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut list = vec![PollFd::new(&self.alarm, PollFlags::IN)];
        let sources = self.watched.values();
        list.extend(sources.map(|source| PollFd::new(&source.fd, flags(source.want))));
        if !poll_until(&mut list, deadline)? {
            return Ok(());
        }
        let woken = !list[0].revents().is_empty();
        for (polled, source) in list[1..].iter().zip(self.watched.values()) {
            let ready = readiness(polled.revents());
            if !ready.is_empty() {
                events.push_ready(source.key, ready);
            }
        }
        if woken { self.hush() } else { Ok(()) }
    }

    fn waker(&self) -> Waker {
        Waker::new(Arc::new(Rope(Arc::downgrade(&self.bell))))
    }

    #[cfg(target_os = "linux")]
    fn send_file(
        &mut self,
        _key: Key,
        job: &loopline_core::backend::SendFile<'_>,
    ) -> io::Result<loopline_core::backend::Sent> {
        use loopline_core::backend::Sent;

        // More than this the kernel moves in no call; far more is an error.
        let count = job.len.get().min(0x7fff_f000) as usize;
        loop {
            // Given an offset, the kernel leaves the file position alone (B10).
            let mut offset = job.offset;
            return match rustix::fs::sendfile(job.socket, job.file.fd(), Some(&mut offset), count) {
                Ok(sent) => Ok(Sent::Bytes(sent as u64)),
                Err(Errno::AGAIN) => Ok(Sent::NotReady),
                Err(Errno::INTR) => continue,
                // Not these two descriptors: nothing was sent, and the loop
                // reads and writes instead.
                Err(Errno::INVAL | Errno::NOSYS | Errno::OVERFLOW | Errno::SPIPE) => {
                    Err(io::ErrorKind::Unsupported.into())
                }
                Err(error) => Err(error.into()),
            };
        }
    }
}

/// Waits until something of the list is ready, or until the deadline: tells
/// which. An interruption ends it with nothing ready (B8).
fn poll_until(list: &mut [PollFd<'_>], deadline: Option<Instant>) -> io::Result<bool> {
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        match poll(list, left.map(timespec).as_ref()) {
            Ok(0) if left.is_some_and(|left| !left.is_zero()) => {} // never early (B7)
            Ok(count) => return Ok(count > 0),
            Err(Errno::INTR) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
}

fn timespec(timeout: Duration) -> Timespec {
    let timeout = timeout.min(LONGEST);
    Timespec {
        // A day of seconds fits.
        tv_sec: timeout.as_secs() as _,
        tv_nsec: timeout.subsec_nanos() as _,
    }
}

fn flags(want: Interest) -> PollFlags {
    let mut flags = PollFlags::empty();
    flags.set(PollFlags::IN, want.contains(Interest::READ));
    flags.set(PollFlags::OUT, want.contains(Interest::WRITE));
    flags
}

/// What an answer means. A hang-up or an error, which comes unasked, is
/// readiness for everything: whoever acts on it meets the error itself (B2).
fn readiness(flags: PollFlags) -> Readiness {
    if flags.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
        return Readiness::all();
    }
    let mut ready = Readiness::empty();
    ready.set(Readiness::READ, flags.contains(PollFlags::IN));
    ready.set(Readiness::WRITE, flags.contains(PollFlags::OUT));
    ready
}

/// Refuses what poll(2) takes and calls ready at all times (B6).
fn has_readiness(source: Source<'_>) -> io::Result<()> {
    match FileType::from_raw_mode(fstat(source)?.st_mode) {
        FileType::RegularFile | FileType::Directory | FileType::BlockDevice => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "files and directories have no readiness",
        )),
        _ => Ok(()),
    }
}

/// Whether a number still means the file that was duplicated under it.
fn is_same_file(watched: &Watched, source: Source<'_>) -> io::Result<bool> {
    let (ours, theirs) = (fstat(&watched.fd)?, fstat(source)?);
    Ok((ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino))
}

/// The writing end, which is closed with the backend.
struct Bell(UnixStream);

/// What a [`Waker`] holds: nothing that would keep the bell open (B13).
struct Rope(Weak<Bell>);

impl Wake for Rope {
    fn wake(&self) {
        if let Some(bell) = self.0.upgrade() {
            // A full buffer is no loss: the wake-ups in it have not arrived
            // yet (B9). Nothing else can fail while the backend is there.
            while let Err(error) = (&bell.0).write(&[0]) {
                if error.kind() != io::ErrorKind::Interrupted {
                    break;
                }
            }
        }
    }
}
