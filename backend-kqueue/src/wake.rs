//! Ending a wait from another thread, by the notifier of `polling`: a user
//! event of the queue, or a socket pair where there is none.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use loopline_core::backend::{Wake, Waker};
use polling::Poller;

/// The queue, and what ends a wait for it.
#[derive(Debug)]
pub(crate) struct Alarm {
    poller: Poller,
    /// Whether a wake-up was asked for that no wait has answered yet. It tells
    /// a wait that was woken from one that ended early.
    ringing: AtomicBool,
}

impl Alarm {
    pub(crate) fn new() -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            poller: Poller::new()?,
            ringing: AtomicBool::new(false),
        }))
    }

    pub(crate) fn poller(&self) -> &Poller {
        &self.poller
    }

    /// A waker that does not keep the queue open.
    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        Waker::new(Arc::new(Bell(Arc::downgrade(self))))
    }

    /// Whether a wake-up was asked for. From here on one is for the next wait.
    pub(crate) fn taken(&self) -> bool {
        // An exchange and not a load: what was queued before a wake-up that
        // found the alarm ringing is to be seen after this.
        self.ringing.swap(false, Ordering::AcqRel)
    }

    fn ring(&self) {
        if self.ringing.swap(true, Ordering::AcqRel) {
            return;
        }
        if self.poller.notify().is_err() {
            // No event will come: the next wake-up has to try again.
            self.ringing.store(false, Ordering::Release);
        }
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

    #[test]
    fn wake_ups_that_have_not_arrived_are_one() {
        let alarm = Alarm::new().expect("a queue");
        let waker = alarm.waker();
        assert!(!alarm.taken());
        for _ in 0..1000 {
            waker.wake();
        }
        assert!(alarm.taken());
        assert!(!alarm.taken());
        waker.wake();
        assert!(alarm.taken());
    }

    #[test]
    fn a_waker_keeps_no_descriptor_open() {
        let alarm = Alarm::new().expect("a queue");
        let waker = alarm.waker();
        assert_eq!(Arc::strong_count(&alarm), 1);
        drop(alarm);
        waker.wake();
    }
}
