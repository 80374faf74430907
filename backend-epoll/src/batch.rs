//! One wait, and the buffer that it fills.

use std::io;
use std::time::Duration;

use loopline_core::backend::{Events, Key, Readiness};
use nix::errno::Errno as NixErrno;
use nix::sys::epoll::{Epoll, EpollEvent, EpollTimeout};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, EventFlags};
use rustix::io::Errno;

use crate::timeout;
use crate::wake::Alarm;

/// How many events one wait takes from the kernel. The kernel rotates its list
/// of ready descriptors, so those beyond wait their turn and are not starved.
const CAPACITY: usize = 1024;

/// What the kernel reports whether it was asked for or not: the other side is
/// gone, or there is an error to fetch.
const HANG_UP: EventFlags = EventFlags::HUP.union(EventFlags::ERR);

/// The buffer that waits fill, made once.
pub(crate) enum Batch {
    /// epoll_pwait2(2), since Linux 5.11.
    Nanoseconds(Vec<epoll::Event>),
    /// epoll_wait(2), for systems that have or allow nothing better.
    Milliseconds(Vec<EpollEvent>),
}

impl Batch {
    pub(crate) fn nanoseconds() -> Self {
        Self::Nanoseconds(Vec::with_capacity(CAPACITY))
    }

    pub(crate) fn milliseconds() -> Self {
        Self::Milliseconds(vec![EpollEvent::empty(); CAPACITY])
    }

    /// Waits for events, and appends them to `into`; none after an interruption.
    /// The alarm is taken out.
    #[inline]
    pub(crate) fn wait(
        &mut self,
        epoll: &Epoll,
        timeout: Option<Duration>,
        alarm: &Alarm,
        into: &mut Events,
    ) -> io::Result<()> {
        match self {
            Self::Nanoseconds(events) => {
                match wait_in_nanoseconds(epoll, events, timeout, alarm, into) {
                    // Older kernels say ENOSYS, older container sandboxes EPERM: this
                    // stays so, and the wait itself never says it.
                    Err(Errno::NOSYS | Errno::PERM) => {
                        *self = Self::milliseconds();
                        self.wait_once_more(epoll, timeout, alarm, into)
                    }
                    waited => Ok(waited?),
                }
            }
            Self::Milliseconds(events) => {
                Ok(wait_in_milliseconds(epoll, events, timeout, alarm, into)?)
            }
        }
    }

    #[cold]
    fn wait_once_more(
        &mut self,
        epoll: &Epoll,
        timeout: Option<Duration>,
        alarm: &Alarm,
        into: &mut Events,
    ) -> io::Result<()> {
        self.wait(epoll, timeout, alarm, into)
    }
}

// Each of the two is called in one place that counts.
#[inline(always)]
fn wait_in_nanoseconds(
    epoll: &Epoll,
    events: &mut Vec<epoll::Event>,
    timeout: Option<Duration>,
    alarm: &Alarm,
    into: &mut Events,
) -> rustix::io::Result<()> {
    events.clear();
    let limit = timeout::timespec(timeout);
    match epoll::wait(&epoll.0, spare_capacity(events), limit.as_ref()) {
        Ok(_) => {
            let words = |event: &epoll::Event| (event.data.u64(), event.flags);
            append(events.iter().map(words), alarm, into);
            Ok(())
        }
        // An interruption is an empty batch.
        Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error),
    }
}

#[inline(always)]
fn wait_in_milliseconds(
    epoll: &Epoll,
    events: &mut [EpollEvent],
    timeout: Option<Duration>,
    alarm: &Alarm,
    into: &mut Events,
) -> nix::Result<()> {
    let waited = match timeout {
        None => epoll.wait(events, EpollTimeout::NONE),
        Some(timeout) => wait_in_steps(epoll, events, timeout),
    };
    match waited {
        Ok(count) => {
            append(events[..count].iter().map(words), alarm, into);
            Ok(())
        }
        Err(NixErrno::EINTR) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Appends events, given by their user data and flags: all at once, which grows
/// `into` once, unless the alarm may be among them.
#[inline]
fn append(
    events: impl ExactSizeIterator<Item = (u64, EventFlags)>,
    alarm: &Alarm,
    into: &mut Events,
) {
    if alarm.is_ringing() {
        append_without(alarm, events, into);
    } else {
        into.extend(events.map(ready));
    }
}

/// Appends events of which one may be the alarm.
#[cold]
fn append_without(
    alarm: &Alarm,
    events: impl Iterator<Item = (u64, EventFlags)>,
    into: &mut Events,
) {
    into.extend(
        events
            .filter(|&(data, _)| !alarm.is_taken_by(data))
            .map(ready),
    );
}

/// An event as the engine takes it.
#[inline]
fn ready((data, flags): (u64, EventFlags)) -> (Key, Readiness) {
    (Key::from_bits(data), readiness(flags))
}

/// What an event means. It does not say what was armed, so that a hang-up is
/// readiness for everything (B2).
#[inline]
fn readiness(flags: EventFlags) -> Readiness {
    if flags.intersects(HANG_UP) {
        return Readiness::all();
    }
    let mut ready = Readiness::empty();
    ready.set(Readiness::READ, flags.contains(EventFlags::IN));
    ready.set(Readiness::WRITE, flags.contains(EventFlags::OUT));
    ready
}

/// The user data and the flags of an event of epoll_wait(2).
#[inline]
fn words(event: &EpollEvent) -> (u64, EventFlags) {
    let bits = event.events().bits() as u32;
    (event.data(), EventFlags::from_bits_retain(bits))
}

/// Waits as often as the range of epoll_wait(2) asks for. Returns how many
/// events there are.
#[inline]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hang_up_is_readiness_for_everything() {
        for flag in [
            EventFlags::HUP,
            EventFlags::ERR,
            EventFlags::HUP | EventFlags::IN,
        ] {
            assert_eq!(readiness(flag), Readiness::all(), "{flag:?}");
        }
    }

    #[test]
    fn readiness_is_what_the_kernel_says() {
        assert_eq!(readiness(EventFlags::IN), Readiness::READ);
        assert_eq!(readiness(EventFlags::OUT), Readiness::WRITE);
        let both = EventFlags::IN | EventFlags::OUT;
        assert_eq!(readiness(both), Readiness::all());
    }
}
