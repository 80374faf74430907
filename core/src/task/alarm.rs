//! A timer that a future waits for.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::engine::TimerHandle;
use crate::event_loop::{Callback, LoopClosed, LoopHandle};

/// What the timer and the future share: the waker to call, and whether the
/// time has come.
#[derive(Default)]
struct Bell {
    rung: bool,
    waker: Option<Waker>,
}

/// A timer that rings once. Dropping it cancels the timer.
pub(super) struct Alarm {
    event_loop: LoopHandle,
    timer: Option<TimerHandle>,
    bell: Rc<RefCell<Bell>>,
}

impl Alarm {
    pub(super) fn new(event_loop: LoopHandle) -> Self {
        Self {
            event_loop,
            timer: None,
            bell: Rc::default(),
        }
    }

    pub(super) fn event_loop(&self) -> &LoopHandle {
        &self.event_loop
    }

    /// Waits for the time; `set` makes the timer at the first poll. On a loop that
    /// is closed the time has come.
    pub(super) fn poll(
        &mut self,
        context: &Context<'_>,
        set: impl FnOnce(&LoopHandle, Callback) -> Result<TimerHandle, LoopClosed>,
    ) -> Poll<()> {
        if self.bell.borrow().rung || self.event_loop.engine().is_closed() {
            return Poll::Ready(());
        }
        if self.timer.is_none() {
            match set(&self.event_loop, ring(&self.bell)) {
                Ok(timer) => self.timer = Some(timer),
                Err(LoopClosed) => return Poll::Ready(()),
            }
        }
        let waker = context.waker().clone();
        let old = self.bell.borrow_mut().waker.replace(waker);
        drop(old);
        Poll::Pending
    }

    /// Sets it back: the next poll makes another timer.
    pub(super) fn reset(&mut self) {
        if let Some(timer) = self.timer.take() {
            timer.cancel();
        }
        // The callback of a timer that has rung may still hold the old one.
        self.bell = Rc::default();
    }
}

fn ring(bell: &Rc<RefCell<Bell>>) -> Callback {
    let bell = Rc::clone(bell);
    Callback::new(move || {
        let waker = {
            let mut bell = bell.borrow_mut();
            bell.rung = true;
            bell.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    })
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.cancel();
        }
    }
}
