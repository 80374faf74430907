//! For how long timers are set: the same for everybody, and in no order.

use std::time::Duration;

/// Over how long a time the timers fire.
const SPREAD: Duration = Duration::from_millis(100);

/// What setting a timer may take: so long ahead is the first of them due, so
/// that all are set before.
const AHEAD: Duration = Duration::from_nanos(500);

/// The delays of a number of timers.
pub(crate) struct Delays {
    left: u64,
    ahead: Duration,
    state: u64,
}

impl Delays {
    pub(crate) fn of(timers: u64) -> Self {
        Self {
            left: timers,
            ahead: AHEAD * u32::try_from(timers).unwrap_or(u32::MAX),
            state: 0x9e37_79b9_7f4a_7c15,
        }
    }
}

impl Iterator for Delays {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        // Marsaglia's xorshift64.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let within = self.state % SPREAD.as_nanos() as u64;
        Some(self.ahead + Duration::from_nanos(within))
    }
}
