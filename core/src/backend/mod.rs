//! The contract between the engine and one operating system.
//!
//! A [`Backend`] watches descriptors, waits, can be woken from other threads,
//! and sends files. It knows no transport, no timer and no buffer: all of that
//! lives once, in the engine. Every type in this module can be made by anyone,
//! so a backend can be written outside this project; `loopline-conformance`
//! checks one against the numbered clauses below.
//!
//! # The contract
//!
//! A backend belongs to one loop and is called from one thread only.
//!
//! * **B1, level-triggered.** While a watched source is ready for an interest
//!   that is armed for it, every [`wait`](Backend::wait) reports it.
//! * **B2, hang-ups and errors** of a source are reported as ready at least for
//!   every interest that is armed for it (line C12). The engine passes on only
//!   what is armed, so a backend need not remember it.
//! * **B3, keys are opaque.** A backend hands back the key it was given last
//!   for the source, and looks at nothing inside it.
//! * **B4, `watch` and `rewatch` always reach the kernel** (line C27): what an
//!   earlier registration of the same descriptor number left behind, or took
//!   with it, never makes them fail or do nothing. `rewatch` tells whether the
//!   kernel had forgotten the source ([`Rewatched`], line C28).
//! * **B5, `unwatch` is synchronous** (line C26): once it has returned, the
//!   kernel holds no registration of the source, and no later `wait` reports
//!   its key. A registration that has already vanished, or never was, is not an
//!   error.
//! * **B6, refusals.** A source of a kind that cannot be watched gets
//!   [`Unsupported`](std::io::ErrorKind::Unsupported) and leaves nothing
//!   behind (line C18).
//! * **B7, `wait` is never early** for a timeout, unless it was interrupted
//!   (B8): durations are rounded up to the clock of the system call.
//!   `Some(ZERO)` polls, `None` has no limit.
//! * **B8, interruptions are not errors.** On EINTR `wait` returns an empty
//!   batch, or goes on waiting for what is left of the timeout.
//! * **B9, wake-ups are sticky and coalesce.** A [`Waker`] that is called
//!   before or during `wait` ends it; any number of calls ends one `wait`; once
//!   the backend is gone a call does nothing. A wake-up itself is no event.
//! * **B10, `send_file`** sends once, without blocking, at most `len` bytes
//!   from `offset`, and leaves the file position alone. Bytes that left
//!   together with a would-block are [`Sent::Bytes`].
//! * **B11, `InFlight` owns.** A backend that answers [`Sent::InFlight`] keeps
//!   handles of its own until it has reported exactly one
//!   [`Event::Done`] for the key, whether the job was cancelled or not.
//! * **B12, drop is complete.** Dropping a backend with work in flight returns
//!   only when the kernel no longer uses any memory or handle of it.
//! * **B13, descriptors are private.** Those that the backend makes are not
//!   inherited by child processes and are closed with it (line E19).
//! * **B14, `read_file` never waits**: it reads bytes at `offset` that are in
//!   memory, answers 0 only at the end of the file, leaves the file position
//!   alone, and is otherwise
//!   [`WouldBlock`](std::io::ErrorKind::WouldBlock).

mod capabilities;
mod event;
mod interest;
mod key;
mod network;
mod send_file;
mod source;
mod waker;

pub use capabilities::Capabilities;
pub use event::{Event, Events};
pub use interest::{Interest, Readiness, Rewatched};
pub use key::Key;
pub use network::{Connecting, Network, NetworkListener, NetworkStream};
pub use send_file::{SendFile, Sent};
pub use source::{AsSource, BorrowedFile, Source};
pub use waker::{Wake, Waker};

use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// One operating system's event source: level-triggered, single-threaded,
/// owned by one loop.
///
/// The clauses that an implementation has to keep are numbered in the
/// [module documentation](self).
pub trait Backend {
    /// The backend's name in reports, such as `"epoll"`.
    fn name(&self) -> &'static str;

    /// What this backend can do. Asked once, when the loop is made.
    fn capabilities(&self) -> Capabilities;

    /// Starts watching a source for `want`, which is never empty.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) for a kind of source that
    /// cannot be watched (B6); whatever the system answers otherwise. Nothing
    /// is registered after an error.
    fn watch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<()>;

    /// Replaces the interest and the key of a source. `want` is never empty.
    /// A source that the kernel does not know is watched anew.
    ///
    /// # Errors
    ///
    /// As for [`watch`](Self::watch); that the kernel has forgotten the source
    /// is not an error (B4).
    fn rewatch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<Rewatched>;

    /// Stops watching a source, at once and completely (B5).
    ///
    /// # Errors
    ///
    /// Whatever the system answers, except that the source is not registered.
    fn unwatch(&mut self, source: Source<'_>, key: Key) -> io::Result<()>;

    /// Waits until a source is ready, a job is done, a [`Waker`] is called or
    /// the timeout has passed, and appends what happened to `events`.
    ///
    /// `None` waits without a limit and `Some(Duration::ZERO)` does not wait;
    /// any other duration is rounded up, never down (B7).
    ///
    /// # Errors
    ///
    /// Whatever the system answers, except an interruption (B8).
    fn wait(&mut self, timeout: Option<Duration>, events: &mut Events) -> io::Result<()>;

    /// A handle that ends a [`wait`](Self::wait) from any thread (B9).
    fn waker(&self) -> Waker;

    /// The loop's monotonic clock. A simulated backend overrides it.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// The network of the backend's own, in place of the system's sockets.
    /// Asked once, when the loop is made.
    fn network(&self) -> Option<Rc<dyn Network>> {
        None
    }

    /// Sends one stretch of a file to a stream socket, without blocking (B10).
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) where the system cannot
    /// send *this* file to *this* socket, with nothing sent: the engine then
    /// reads and writes instead. Every other error is final.
    fn send_file(&mut self, key: Key, job: &SendFile<'_>) -> io::Result<Sent> {
        let _ = (key, job);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Asks that the job in flight for `key` be given up.
    ///
    /// The job still yields its one [`Event::Done`], with what had left until
    /// then, or with an error (B11). Without a job this does nothing.
    fn cancel(&mut self, key: Key) {
        let _ = key;
    }

    /// Reads from a file at `offset` where that cannot block, because the
    /// bytes are in memory; `Ok(0)` is the end of the file.
    ///
    /// The file position stays where it is.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) where the read might have to
    /// wait for a disk, or where the system cannot tell: the engine then reads
    /// on another thread. Every other error is the file's own.
    fn read_file(
        &mut self,
        file: BorrowedFile<'_>,
        offset: u64,
        into: &mut [u8],
    ) -> io::Result<usize> {
        let _ = (file, offset, into);
        Err(io::ErrorKind::WouldBlock.into())
    }
}
