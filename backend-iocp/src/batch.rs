//! One wait, and the buffer that it fills.

use std::io;
use std::time::{Duration, Instant};

use crate::sys::{Entries, Packet, Port};
use crate::timeout::milliseconds;

/// How many packets one wait takes from the port. The port is a queue, so those
/// beyond come next and are not starved.
const CAPACITY: usize = 1024;

/// The packets of the last wait, in a buffer that is made once.
pub(crate) struct Batch(Entries);

impl Batch {
    pub(crate) fn new() -> Self {
        Self(Entries::with_capacity(CAPACITY))
    }

    /// Takes what is there, without waiting. Whether there may be more.
    pub(crate) fn look(&mut self, port: &Port) -> io::Result<bool> {
        Ok(port.take(&mut self.0, 0)? == CAPACITY)
    }

    /// Waits for packets; there are none once the deadline is over.
    pub(crate) fn fill(&mut self, port: &Port, deadline: &Deadline) -> io::Result<()> {
        loop {
            let left = deadline.left();
            if port.take(&mut self.0, milliseconds(left))? > 0 {
                return Ok(());
            }
            // A clock tick may be counted that had begun before; and not every
            // timeout can be asked for at once.
            if deadline.is_over() {
                return Ok(());
            }
        }
    }

    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Packet> {
        self.0.drain()
    }
}

/// When a wait has to end.
pub(crate) enum Deadline {
    /// At once.
    Now,
    At(Instant),
    /// Not by itself.
    Never,
}

impl Deadline {
    pub(crate) fn after(timeout: Option<Duration>) -> Self {
        match timeout {
            Some(Duration::ZERO) => Self::Now,
            // What no clock will ever show is never.
            Some(timeout) => Instant::now()
                .checked_add(timeout)
                .map_or(Self::Never, Self::At),
            None => Self::Never,
        }
    }

    /// The same, or after `pause` if that is sooner.
    pub(crate) fn or_after(&self, pause: Duration) -> Self {
        let left = self.left();
        Self::after(Some(left.map_or(pause, |left| left.min(pause))))
    }

    pub(crate) fn is_over(&self) -> bool {
        self.left() == Some(Duration::ZERO)
    }

    fn left(&self) -> Option<Duration> {
        match self {
            Self::Now => Some(Duration::ZERO),
            Self::At(deadline) => Some(deadline.saturating_duration_since(Instant::now())),
            Self::Never => None,
        }
    }
}
