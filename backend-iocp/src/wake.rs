//! Ending a wait from another thread, by PostQueuedCompletionStatus.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use loopline_core::backend::{Wake, Waker};

use crate::sys::Port;

/// The key of the packets that wake.
pub(crate) const KEY: usize = 0;

/// What posts to the port that a backend waits on: a wake-up costs one system
/// call, and none while an earlier one has not arrived yet.
#[derive(Debug)]
pub(crate) struct Alarm {
    port: Arc<Port>,
    /// Whether a packet is under way, or not yet taken.
    ringing: AtomicBool,
}

impl Alarm {
    pub(crate) fn new(port: &Arc<Port>) -> Arc<Self> {
        Arc::new(Self {
            port: Arc::clone(port),
            ringing: AtomicBool::new(false),
        })
    }

    /// A waker that does not keep the port open.
    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        Waker::new(Arc::new(Bell(Arc::downgrade(self))))
    }

    /// Says that a wait has brought the packet. From here on a wake-up is one
    /// for the next wait.
    pub(crate) fn taken(&self) {
        // An exchange and not a store: what was queued before a wake-up that
        // found the alarm ringing is to be seen after this.
        self.ringing.swap(false, Ordering::AcqRel);
    }

    fn ring(&self) {
        if self.ringing.swap(true, Ordering::AcqRel) {
            return;
        }
        if self.port.post(KEY).is_err() {
            // No packet will come: the next wake-up has to try again.
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
    use crate::sys::Entries;

    fn packets(port: &Port) -> usize {
        port.take(&mut Entries::with_capacity(8), 0).expect("take")
    }

    #[test]
    fn wake_ups_that_have_not_arrived_cost_one_packet() {
        let port = Arc::new(Port::new().expect("port"));
        let alarm = Alarm::new(&port);
        let waker = alarm.waker();
        for _ in 0..1000 {
            waker.wake();
        }
        assert_eq!(packets(&port), 1);
        alarm.taken();
        waker.wake();
        assert_eq!(packets(&port), 1);
    }

    #[test]
    fn a_waker_keeps_no_handle_open() {
        let port = Arc::new(Port::new().expect("port"));
        let alarm = Alarm::new(&port);
        let waker = alarm.waker();
        drop(alarm);
        assert_eq!(Arc::strong_count(&port), 1);
        waker.wake();
        assert_eq!(packets(&port), 0);
    }
}
