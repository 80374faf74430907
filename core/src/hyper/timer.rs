//! Time for hyper.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use send_wrapper::SendWrapper;

use crate::event_loop::{EventLoop, EventLoopExt, LoopHandle};

/// The clock of a loop, and its timers, for hyper: what `Builder::timer` takes.
/// Without one hyper has no time limits, not even the one for a request's head.
///
/// hyper asks that timers can go to other threads, and a loop stays on its own.
/// So this type can be sent, and panics where it is used or dropped on a thread
/// other than the one that made it. A connection over a
/// [`Stream`](crate::Stream) cannot leave that thread, and neither can what
/// hyper gives to it.
///
/// On a loop that is closed every time has come.
#[derive(Clone)]
pub struct Timer(SendWrapper<LoopHandle>);

impl Timer {
    /// A clock of this loop, for connections on this thread.
    #[must_use]
    pub fn new(event_loop: LoopHandle) -> Self {
        Self(SendWrapper::new(event_loop))
    }
}

impl hyper::rt::Timer for Timer {
    fn sleep(&self, delay: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        // Its time begins here, and not with the first poll.
        match self.0.time().checked_add(delay) {
            Some(when) => self.sleep_until(when),
            None => Box::pin(Sleep::new(self.0.sleep(delay))),
        }
    }

    fn sleep_until(&self, when: Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Sleep::new(self.0.sleep_until(when)))
    }

    fn now(&self) -> Instant {
        self.0.time()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn hyper::rt::Sleep>>, when: Instant) {
        match sleep.as_mut().downcast_mut_pin::<Sleep>() {
            Some(mut sleep) => sleep.0.reset(when),
            // One of another clock.
            None => *sleep = self.sleep_until(when),
        }
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").finish_non_exhaustive()
    }
}

/// A [`Sleep`](crate::Sleep) as hyper holds it: what a [`Timer`] makes, and
/// bound to its thread as that is.
#[must_use = "a sleep does nothing until it is awaited"]
pub struct Sleep(SendWrapper<crate::Sleep>);

impl Sleep {
    fn new(sleep: crate::Sleep) -> Self {
        Self(SendWrapper::new(sleep))
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut *self.0).poll(context)
    }
}

impl hyper::rt::Sleep for Sleep {}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").finish_non_exhaustive()
    }
}
