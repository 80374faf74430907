//! Work on other threads, for which the loop's clock has to wait.

use std::future::Future;
use std::rc::{Rc, Weak};

use super::Engine;
use super::lifecycle::running;

/// Runs `work` on another thread. Until it has ended, or was given up, a clock
/// of the backend's own stands still: what is on its way must not come too late
/// for timers that a simulation would jump to.
pub(crate) fn unblock<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = T> {
    let held = ClockHeld::of_running_loop();
    let work = blocking::unblock(work);
    async move {
        let _held = held;
        work.await
    }
}

/// The clock of a loop stands still for as long as this lives.
pub(crate) struct ClockHeld(Weak<Engine>);

impl ClockHeld {
    pub(crate) fn of_running_loop() -> Option<Self> {
        let engine = running()?;
        let before = engine.elsewhere.get();
        engine.elsewhere.set(before + 1);
        if before == 0 {
            let _ = engine.with_backend(|backend| backend.hold_clock(true));
        }
        Some(Self(Rc::downgrade(&engine)))
    }
}

impl Drop for ClockHeld {
    fn drop(&mut self) {
        let Some(engine) = self.0.upgrade() else {
            return;
        };
        let left = engine.elsewhere.get() - 1;
        engine.elsewhere.set(left);
        if left == 0 {
            let _ = engine.with_backend(|backend| backend.hold_clock(false));
        }
    }
}
