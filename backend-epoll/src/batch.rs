//! One wait, and the buffer that it fills.

use std::io;
use std::time::Duration;

use nix::errno::Errno as NixErrno;
use nix::sys::epoll::{Epoll, EpollEvent, EpollTimeout};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, EventFlags};
use rustix::io::Errno;

use crate::timeout;

/// How many events one wait takes from the kernel. The kernel rotates its list
/// of ready descriptors, so those beyond wait their turn and are not starved.
const CAPACITY: usize = 1024;

/// The events of the last wait, in a buffer that is made once.
pub(crate) enum Batch {
    /// epoll_pwait2(2), since Linux 5.11.
    Nanoseconds(Vec<epoll::Event>),
    /// epoll_wait(2), for systems that have or allow nothing better.
    Milliseconds(Vec<EpollEvent>, usize),
}

impl Batch {
    pub(crate) fn nanoseconds() -> Self {
        Self::Nanoseconds(Vec::with_capacity(CAPACITY))
    }

    pub(crate) fn milliseconds() -> Self {
        Self::Milliseconds(vec![EpollEvent::empty(); CAPACITY], 0)
    }

    /// Waits for events; none after an interruption.
    #[inline]
    pub(crate) fn fill(&mut self, epoll: &Epoll, timeout: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Nanoseconds(events) => {
                events.clear();
                let limit = timeout::timespec(timeout);
                match epoll::wait(&epoll.0, spare_capacity(events), limit.as_ref()) {
                    Ok(_) => Ok(()),
                    Err(error) => self.without_events(epoll, timeout, error),
                }
            }
            Self::Milliseconds(events, len) => {
                *len = wait_in_milliseconds(epoll, events, timeout)?;
                Ok(())
            }
        }
    }

    #[cold]
    fn without_events(
        &mut self,
        epoll: &Epoll,
        timeout: Option<Duration>,
        error: Errno,
    ) -> io::Result<()> {
        match error {
            Errno::INTR => Ok(()),
            // Older kernels say ENOSYS, older container sandboxes EPERM: this
            // stays so, and the wait itself never says it.
            Errno::NOSYS | Errno::PERM => {
                let mut events = vec![EpollEvent::empty(); CAPACITY];
                let len = wait_in_milliseconds(epoll, &mut events, timeout)?;
                *self = Self::Milliseconds(events, len);
                Ok(())
            }
            other => Err(other.into()),
        }
    }

    /// Calls `each` with the user data and the flags of every event.
    #[inline]
    pub(crate) fn for_each(&self, mut each: impl FnMut(u64, EventFlags)) {
        match self {
            Self::Nanoseconds(events) => {
                for event in events {
                    each(event.data.u64(), event.flags);
                }
            }
            Self::Milliseconds(events, len) => {
                for event in &events[..*len] {
                    let bits = event.events().bits() as u32;
                    each(event.data(), EventFlags::from_bits_retain(bits));
                }
            }
        }
    }
}

#[inline]
fn wait_in_milliseconds(
    epoll: &Epoll,
    events: &mut [EpollEvent],
    timeout: Option<Duration>,
) -> io::Result<usize> {
    let waited = match timeout {
        None => epoll.wait(events, EpollTimeout::NONE),
        Some(timeout) => wait_in_steps(epoll, events, timeout),
    };
    waited.or_else(interrupted)
}

/// Waits as often as the range of epoll_wait(2) asks for. Returns how many
/// events there are.
#[cold]
fn wait_in_steps(
    epoll: &Epoll,
    events: &mut [EpollEvent],
    timeout: Duration,
) -> nix::Result<usize> {
    let mut left = timeout;
    loop {
        let step = timeout::step(left);
        match epoll.wait(events, step.now) {
            Ok(0) if !step.then.is_zero() => left = step.then,
            other => return other,
        }
    }
}

/// An interruption is an empty batch.
#[cold]
fn interrupted(error: NixErrno) -> io::Result<usize> {
    match error {
        NixErrno::EINTR => Ok(0),
        other => Err(other.into()),
    }
}
