//! Waiting for a time.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use thiserror::Error;

use crate::engine::TimerHandle;
use crate::event_loop::EventLoop;

/// What the timer and the future share: the waker to call, and whether the
/// time has come.
#[derive(Default)]
struct Alarm {
    rung: bool,
    waker: Option<Waker>,
}

/// A future that is ready after a delay: see
/// [`EventLoopExt::sleep`](crate::EventLoopExt::sleep). Its time begins with
/// the first poll.
///
/// On a loop that is closed it is ready at once.
#[must_use = "a sleep does nothing until it is awaited"]
pub struct Sleep<'a, L: EventLoop + ?Sized> {
    event_loop: &'a L,
    delay: Duration,
    timer: Option<TimerHandle>,
    alarm: Rc<RefCell<Alarm>>,
}

impl<'a, L: EventLoop + ?Sized> Sleep<'a, L> {
    pub(crate) fn new(event_loop: &'a L, delay: Duration) -> Self {
        Self {
            event_loop,
            delay,
            timer: None,
            alarm: Rc::default(),
        }
    }

    fn start(&mut self) -> bool {
        let alarm = Rc::clone(&self.alarm);
        let ring = Box::new(move || {
            let waker = {
                let mut alarm = alarm.borrow_mut();
                alarm.rung = true;
                alarm.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
            Ok(())
        });
        self.timer = self.event_loop.call_later_boxed(self.delay, ring).ok();
        self.timer.is_some()
    }
}

impl<L: EventLoop + ?Sized> Future for Sleep<'_, L> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.alarm.borrow().rung || self.event_loop.is_closed() {
            return Poll::Ready(());
        }
        if self.timer.is_none() && !self.start() {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        let old = self.alarm.borrow_mut().waker.replace(waker);
        drop(old);
        Poll::Pending
    }
}

impl<L: EventLoop + ?Sized> Drop for Sleep<'_, L> {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.cancel();
        }
    }
}

impl<L: EventLoop + ?Sized> fmt::Debug for Sleep<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("delay", &self.delay)
            .finish_non_exhaustive()
    }
}

/// The time was up before the future was ready.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the time is up")]
pub struct Elapsed;

impl From<Elapsed> for std::io::Error {
    fn from(elapsed: Elapsed) -> Self {
        Self::new(std::io::ErrorKind::TimedOut, elapsed)
    }
}

/// A future with a time limit: see
/// [`EventLoopExt::timeout`](crate::EventLoopExt::timeout).
#[must_use = "a future does nothing until it is awaited"]
pub struct Timeout<'a, L: EventLoop + ?Sized, F> {
    sleep: Sleep<'a, L>,
    /// None once the time is up.
    future: Option<Pin<Box<F>>>,
}

impl<'a, L: EventLoop + ?Sized, F: Future> Timeout<'a, L, F> {
    pub(crate) fn new(event_loop: &'a L, limit: Duration, future: F) -> Self {
        Self {
            sleep: Sleep::new(event_loop, limit),
            future: Some(Box::pin(future)),
        }
    }
}

impl<L: EventLoop + ?Sized, F: Future> Future for Timeout<'_, L, F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(future) = &mut self.future {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
        }
        let elapsed = Pin::new(&mut self.sleep).poll(context);
        if elapsed.is_ready() {
            self.future = None;
        }
        elapsed.map(|()| Err(Elapsed))
    }
}

impl<L: EventLoop + ?Sized, F> fmt::Debug for Timeout<'_, L, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout")
            .field("limit", &self.sleep.delay)
            .finish_non_exhaustive()
    }
}
