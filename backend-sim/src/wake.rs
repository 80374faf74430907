//! Ending a wait from another thread.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use loopline_core::backend::{Wake, Waker};

/// Whether a wake-up was asked for, and who waits for one.
#[derive(Default)]
pub(crate) struct Alarm {
    rung: Mutex<bool>,
    ringing: Condvar,
    /// Ends a wait for what the system watches.
    system: Option<Waker>,
}

impl Alarm {
    /// An alarm that also ends the waits of another backend.
    pub(crate) fn new(system: Option<Waker>) -> Arc<Self> {
        Arc::new(Self {
            system,
            ..Self::default()
        })
    }

    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        Waker::new(Arc::clone(self) as Arc<dyn Wake>)
    }

    fn rung(&self) -> MutexGuard<'_, bool> {
        // A flag is never half-written.
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it has rung since it was last asked.
    pub(crate) fn take(&self) -> bool {
        std::mem::take(&mut *self.rung())
    }

    /// Waits until it rings, and leaves it ringing; false if that took longer
    /// than the limit.
    pub(crate) fn wait(&self, limit: Option<Duration>) -> bool {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut rung = self.rung();
        while !*rung {
            let Some(deadline) = deadline else {
                let woken = self.ringing.wait(rung);
                rung = woken.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let woken = self.ringing.wait_timeout(rung, left);
            rung = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

impl Wake for Alarm {
    fn wake(&self) {
        *self.rung() = true;
        self.ringing.notify_all();
        if let Some(system) = &self.system {
            system.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_wake_ups_are_one() {
        let alarm = Alarm::new(None);
        assert!(!alarm.take());
        let waker = alarm.waker();
        waker.wake();
        waker.wake();
        assert!(alarm.wait(None));
        assert!(alarm.take());
        assert!(!alarm.take());
    }

    #[test]
    fn a_limit_ends_the_wait() {
        assert!(!Alarm::new(None).wait(Some(Duration::from_millis(1))));
    }

    #[test]
    fn another_thread_ends_it() {
        let alarm = Alarm::new(None);
        let waker = alarm.waker();
        let thread = std::thread::spawn(move || waker.wake());
        assert!(alarm.wait(None));
        assert!(thread.join().is_ok());
    }
}
