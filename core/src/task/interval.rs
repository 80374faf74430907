//! Something that comes again and again.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use super::alarm::Alarm;
use crate::event_loop::{EventLoop, LoopHandle};

/// What becomes of ticks whose time passed while nobody waited for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissedTicks {
    /// They come at once, one after the other, until the interval has caught up.
    #[default]
    Burst,
    /// They are left out; the next one comes when it would have come anyway.
    Skip,
    /// They are left out; the next one comes a whole period after the one that
    /// was late.
    Delay,
}

/// Ticks: see [`EventLoopExt::interval`](crate::EventLoopExt::interval).
pub struct Interval {
    alarm: Alarm,
    period: Duration,
    missed: MissedTicks,
    next: Instant,
}

impl Interval {
    pub(crate) fn new(event_loop: LoopHandle, period: Duration) -> Self {
        let next = event_loop.time();
        Self {
            alarm: Alarm::new(event_loop),
            period,
            missed: MissedTicks::default(),
            next,
        }
    }

    /// Says what becomes of ticks that nobody was there for.
    #[must_use]
    pub fn missed_ticks(mut self, missed: MissedTicks) -> Self {
        self.missed = missed;
        self
    }

    /// The time between two ticks.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }

    /// Waits for the next tick, and returns when it was due. The first one is due
    /// at once. On a loop that is closed every one is.
    ///
    /// Dropping the future loses no tick.
    pub async fn tick(&mut self) -> Instant {
        poll_fn(|cx| self.poll_tick(cx)).await
    }

    /// As [`tick`](Self::tick), for futures of one's own.
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        let due = self.next;
        ready!(
            self.alarm
                .poll(cx, |event_loop, ring| event_loop.call_at_boxed(due, ring))
        );
        self.alarm.reset();
        self.next = self.following(due);
        Poll::Ready(due)
    }

    fn following(&self, due: Instant) -> Instant {
        let now = self.alarm.event_loop().time();
        let next = due + self.period;
        if next > now {
            return next;
        }
        match self.missed {
            MissedTicks::Burst => next,
            MissedTicks::Delay => now + self.period,
            MissedTicks::Skip => {
                let late = now.saturating_duration_since(due);
                let period = self.period.as_nanos().max(1);
                let passed = late.as_nanos() % period;
                let left = period - passed;
                now + Duration::from_nanos(u64::try_from(left).unwrap_or(u64::MAX))
            }
        }
    }
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interval")
            .field("period", &self.period)
            .field("missed", &self.missed)
            .finish_non_exhaustive()
    }
}
