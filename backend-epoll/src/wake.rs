//! Ending a wait from another thread, by eventfd(2).

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use loopline_core::backend::{Key, Wake, Waker};
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{Errno, read, write};

/// The user data of the alarm, which no engine hands out as a key.
pub(crate) const USER_DATA: u64 = Key::RESERVED.to_bits();

/// The descriptor that a wait ends on.
///
/// It is registered edge-triggered. Every write to an eventfd is an edge of its
/// own, whatever the counter holds, so it never has to be read: a wake-up costs
/// one write, and none while an earlier one has not arrived yet.
#[derive(Debug)]
pub(crate) struct Alarm {
    fd: OwnedFd,
    /// Whether a write is under way, or its event not yet taken.
    ringing: AtomicBool,
}

impl Alarm {
    pub(crate) fn new() -> io::Result<Arc<Self>> {
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Arc::new(Self {
            fd,
            ringing: AtomicBool::new(false),
        }))
    }

    /// A waker that does not keep the descriptor open.
    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        Waker::new(Arc::new(Bell(Arc::downgrade(self))))
    }

    /// Whether a wait may have brought the event. Ringing comes before the write,
    /// and ends when the event is taken: where it does not ring, there is none.
    #[inline]
    pub(crate) fn is_ringing(&self) -> bool {
        self.ringing.load(Ordering::Acquire)
    }

    /// Whether an event is the alarm's; then it is taken.
    pub(crate) fn is_taken_by(&self, data: u64) -> bool {
        let ours = data == USER_DATA;
        if ours {
            self.taken();
        }
        ours
    }

    /// Says that a wait has brought the event. From here on a wake-up is one
    /// for the next wait.
    fn taken(&self) {
        // An exchange and not a store: what was queued before a wake-up that
        // found the alarm ringing is to be seen after this.
        self.ringing.swap(false, Ordering::AcqRel);
    }

    fn ring(&self) {
        if self.ringing.swap(true, Ordering::AcqRel) {
            return;
        }
        if self.signal().is_err() {
            // No event will come: the next wake-up has to try again.
            self.ringing.store(false, Ordering::Release);
        }
    }

    fn signal(&self) -> rustix::io::Result<()> {
        loop {
            match write(&self.fd, &1_u64.to_ne_bytes()) {
                Err(Errno::INTR) => {}
                // The counter is full, after 2^64 - 2 wake-ups: such a write
                // is no edge. Emptied, it takes the next one.
                Err(Errno::AGAIN) => match read(&self.fd, &mut [0_u8; 8]) {
                    Ok(_) | Err(Errno::INTR | Errno::AGAIN) => {}
                    Err(error) => return Err(error),
                },
                other => return other.map(drop),
            }
        }
    }
}

impl AsFd for Alarm {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// What a [`Waker`] holds: nothing that would outlive the backend (B13).
struct Bell(Weak<Alarm>);

impl Wake for Bell {
    fn wake(&self) {
        if let Some(alarm) = self.0.upgrade() {
            alarm.ring();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(alarm: &Alarm) -> u64 {
        let mut bytes = [0; 8];
        match read(&alarm.fd, &mut bytes) {
            Ok(_) => u64::from_ne_bytes(bytes),
            Err(error) => {
                assert_eq!(error, Errno::AGAIN);
                0
            }
        }
    }

    #[test]
    fn wake_ups_that_have_not_arrived_cost_one_write() {
        let alarm = Alarm::new().expect("eventfd");
        let waker = alarm.waker();
        for _ in 0..1000 {
            waker.wake();
        }
        assert_eq!(counter(&alarm), 1);
        alarm.taken();
        waker.wake();
        assert_eq!(counter(&alarm), 1);
    }

    #[test]
    fn a_full_counter_neither_blocks_nor_swallows_a_wake_up() {
        let alarm = Alarm::new().expect("eventfd");
        write(&alarm.fd, &(u64::MAX - 1).to_ne_bytes()).expect("fill the counter");
        alarm.waker().wake();
        assert_eq!(counter(&alarm), 1);
    }

    #[test]
    fn a_waker_keeps_no_descriptor_open() {
        let alarm = Alarm::new().expect("eventfd");
        let waker = alarm.waker();
        assert_eq!(Arc::strong_count(&alarm), 1);
        drop(alarm);
        waker.wake();
    }
}
