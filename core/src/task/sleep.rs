//! Waiting for a time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use thiserror::Error;

use super::alarm::Alarm;
use crate::event_loop::{EventLoop, LoopHandle};

/// Until when.
#[derive(Clone, Copy, Debug)]
enum End {
    After(Duration),
    At(Instant),
}

/// A future that is ready after a delay, whose time begins with the first poll,
/// or at a time: see [`EventLoopExt::sleep`](crate::EventLoopExt::sleep) and
/// [`EventLoopExt::sleep_until`](crate::EventLoopExt::sleep_until).
///
/// On a loop that is closed it is ready at once.
#[must_use = "a sleep does nothing until it is awaited"]
pub struct Sleep {
    alarm: Alarm,
    end: End,
}

impl Sleep {
    pub(crate) fn new(event_loop: LoopHandle, delay: Duration) -> Self {
        Self {
            alarm: Alarm::new(event_loop),
            end: End::After(delay),
        }
    }

    pub(crate) fn until(event_loop: LoopHandle, when: Instant) -> Self {
        Self {
            alarm: Alarm::new(event_loop),
            end: End::At(when),
        }
    }

    /// Begins anew, with another end.
    pub fn reset(&mut self, when: Instant) {
        self.alarm.reset();
        self.end = End::At(when);
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let end = self.end;
        self.alarm.poll(context, |event_loop, ring| match end {
            End::After(delay) => event_loop.call_later_boxed(delay, ring),
            End::At(when) => event_loop.call_at_boxed(when, ring),
        })
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("end", &self.end)
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
pub struct Timeout<F> {
    sleep: Sleep,
    limit: Duration,
    /// None once the time is up.
    future: Option<Pin<Box<F>>>,
}

impl<F: Future> Timeout<F> {
    pub(crate) fn new(event_loop: LoopHandle, limit: Duration, future: F) -> Self {
        Self {
            sleep: Sleep::new(event_loop, limit),
            limit,
            future: Some(Box::pin(future)),
        }
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(future) = &mut self.future {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
        }
        let elapsed = if self.limit.is_zero() {
            Poll::Ready(())
        } else {
            Pin::new(&mut self.sleep).poll(context)
        };
        if elapsed.is_ready() {
            self.future = None;
        }
        elapsed.map(|()| Err(Elapsed))
    }
}

impl<F> fmt::Debug for Timeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
