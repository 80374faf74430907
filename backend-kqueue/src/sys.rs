//! The calls that take unsafe code or have another form on each system.

use std::io;

use loopline_core::backend::{BorrowedFile, Source};
use polling::{Event, PollMode, Poller};
use rustix::io::Errno;

pub(crate) use system::{NAME, SENDS_FILES, is_known, sendfile};

/// Registers a source that is not registered.
///
/// # Errors
///
/// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if it is, or if a closed
/// source of the same number was; whatever the system answers otherwise.
pub(crate) fn add(poller: &Poller, source: Source<'_>, event: Event) -> io::Result<()> {
    // SAFETY: the source is open for as long as the call takes, since it is
    // borrowed. `polling` asks that it be deleted before it is closed, because
    // it makes borrowed descriptors of numbers that it was given: of this one
    // within this call, and later only of those that come with the call. What
    // is closed all the same is forgotten by kqueue(2) and by epoll(7), and
    // leaves a number in the books of `polling`, which are a set of numbers.
    unsafe { poller.add_with_mode(&source.fd(), event, PollMode::Level) }
}

/// The answer of one call that sends, whatever the system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    /// What the call returned: 0, or -1.
    pub(crate) ret: i32,
    /// Without a meaning unless it returned -1.
    pub(crate) errno: Errno,
    /// How many bytes have left, as the system says.
    pub(crate) sent: u64,
}

impl Answer {
    fn failed(errno: Errno) -> Self {
        Self {
            ret: -1,
            errno,
            sent: 0,
        }
    }
}

/// kqueue(2).
#[cfg(not(target_os = "linux"))]
mod system {
    use std::mem::MaybeUninit;
    use std::os::fd::AsRawFd;
    use std::ptr;
    use std::time::Duration;

    use rustix::event::kqueue::{Event as Change, EventFilter, EventFlags, kevent};

    use super::*;

    pub(crate) const NAME: &str = "kqueue";

    #[cfg(target_os = "macos")]
    pub(crate) use darwin::sendfile;
    #[cfg(any(target_os = "freebsd", target_os = "dragonfly"))]
    pub(crate) use freebsd::sendfile;

    pub(crate) const SENDS_FILES: bool = cfg!(any(
        target_os = "freebsd",
        target_os = "dragonfly",
        target_os = "macos"
    ));

    /// Whether the kernel has an event of this very source. If so it has the
    /// key of `event` from now on.
    ///
    /// `EV_ENABLE` without `EV_ADD` does nothing to an event that is enabled,
    /// which all are, and is `ENOENT` where there is none (kqueue(2)).
    pub(crate) fn is_known(poller: &Poller, source: Source<'_>, event: Event) -> io::Result<bool> {
        let number = source.fd().as_raw_fd();
        let user_data = ptr::without_provenance_mut(event.key);
        let flags = EventFlags::ENABLE | EventFlags::RECEIPT;
        let changes = [EventFilter::Read(number), EventFilter::Write(number)]
            .map(|filter| Change::new(filter, flags, user_data));
        let mut answers = [const { MaybeUninit::uninit() }; 2];
        // SAFETY: rustix asks that the descriptors of the changes stay open
        // while the queue holds them. Without `EV_ADD` it comes to hold none.
        let (answers, _) = unsafe { kevent(poller, &changes, &mut answers, Some(Duration::ZERO)) }?;
        let unknown = answers.iter().filter(|answer| {
            answer.flags().contains(EventFlags::ERROR)
                && answer.data() == i64::from(Errno::NOENT.raw_os_error())
        });
        Ok(unknown.count() < changes.len())
    }

    /// The errno of the call that has just returned.
    #[cfg(any(target_os = "freebsd", target_os = "dragonfly", target_os = "macos"))]
    fn last_errno() -> Errno {
        Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::IO)
    }

    /// sendfile(2) of FreeBSD and DragonFly BSD.
    #[cfg(any(target_os = "freebsd", target_os = "dragonfly"))]
    mod freebsd {
        use super::*;

        /// Sends `count` bytes, which is not 0: that would be all up to the end
        /// of the file.
        pub(crate) fn sendfile(
            socket: Source<'_>,
            file: BorrowedFile<'_>,
            offset: u64,
            count: usize,
        ) -> Answer {
            let Ok(offset) = libc::off_t::try_from(offset) else {
                return Answer::failed(Errno::INVAL);
            };
            let mut sent: libc::off_t = 0;
            // SAFETY: both descriptors are borrowed, and so open. There are no
            // headers, which the null pointer says. The kernel writes one
            // `off_t` to `sent`, which outlives the call.
            let ret = unsafe {
                libc::sendfile(
                    file.fd().as_raw_fd(),
                    socket.fd().as_raw_fd(),
                    offset,
                    count,
                    ptr::null_mut(),
                    &raw mut sent,
                    0,
                )
            };
            Answer {
                ret,
                errno: last_errno(),
                sent: sent.try_into().unwrap_or(0),
            }
        }
    }

    /// sendfile(2) of Darwin.
    #[cfg(target_os = "macos")]
    mod darwin {
        use rustix::net::{AddressFamily, getsockname};

        use super::*;

        /// Sends `count` bytes, which is not 0: that would be all up to the end
        /// of the file.
        pub(crate) fn sendfile(
            socket: Source<'_>,
            file: BorrowedFile<'_>,
            offset: u64,
            count: usize,
        ) -> Answer {
            let (Ok(offset), Ok(mut len)) = (offset.try_into(), libc::off_t::try_from(count))
            else {
                return Answer::failed(Errno::INVAL);
            };
            // Unix sockets are left to reading and writing (line A71).
            if getsockname(socket).is_ok_and(|name| name.address_family() == AddressFamily::UNIX) {
                return Answer::failed(Errno::OPNOTSUPP);
            }
            // SAFETY: both descriptors are borrowed, and so open. There are no
            // headers, which the null pointer says. The kernel reads and writes
            // one `off_t` at `len`, which outlives the call.
            let ret = unsafe {
                libc::sendfile(
                    file.fd().as_raw_fd(),
                    socket.fd().as_raw_fd(),
                    offset,
                    &raw mut len,
                    ptr::null_mut(),
                    0,
                )
            };
            Answer {
                ret,
                errno: last_errno(),
                sent: len.try_into().unwrap_or(0),
            }
        }
    }

    /// NetBSD and OpenBSD have no sendfile(2).
    #[cfg(any(target_os = "netbsd", target_os = "openbsd"))]
    pub(crate) fn sendfile(_: Source<'_>, _: BorrowedFile<'_>, _: u64, _: usize) -> Answer {
        Answer::failed(Errno::NOSYS)
    }
}

/// Linux, standing in.
#[cfg(target_os = "linux")]
mod system {
    use super::*;

    pub(crate) const NAME: &str = "kqueue-on-linux";
    pub(crate) const SENDS_FILES: bool = true;

    /// epoll_ctl(2) says so itself when the source is changed.
    #[allow(clippy::unnecessary_wraps, reason = "where it asks, it may fail")]
    pub(crate) fn is_known(_: &Poller, _: Source<'_>, _: Event) -> io::Result<bool> {
        Ok(true)
    }

    pub(crate) fn sendfile(
        socket: Source<'_>,
        file: BorrowedFile<'_>,
        mut offset: u64,
        count: usize,
    ) -> Answer {
        match rustix::fs::sendfile(socket, file.fd(), Some(&mut offset), count) {
            Ok(sent) => Answer {
                ret: 0,
                errno: Errno::IO,
                sent: sent as u64,
            },
            Err(errno) => Answer::failed(errno),
        }
    }
}
