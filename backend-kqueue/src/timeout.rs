//! The end of a wait, however long it is and whatever the kernel makes of it.

use std::time::{Duration, Instant};

/// The longest single wait. macOS refuses some waits of more than 100,000,000
/// seconds, and 32 bits of seconds have been a limit elsewhere; whoever waits
/// for longer than a day looks once a day.
const LONGEST_STEP: Duration = Duration::from_secs(24 * 60 * 60);

/// When a wait ends for lack of events.
///
/// One kevent(2) may end before its timeout: some kernels cut nanoseconds off,
/// and long waits are made of steps. So the clock has the last word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// The deadline of a wait that begins now; `None` waits without a limit,
    /// as does what is beyond the clock's range.
    pub(crate) fn after(timeout: Option<Duration>) -> Self {
        Self(timeout.and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    /// How long the next step may wait, if there is a limit.
    pub(crate) fn step(self) -> Option<Duration> {
        let left = self.0?.saturating_duration_since(Instant::now());
        Some(left.min(LONGEST_STEP))
    }

    /// Whether the wait is over, though it brought nothing.
    pub(crate) fn is_over(self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_timeout_is_no_limit() {
        let deadline = Deadline::after(None);
        assert!(!deadline.is_over());
        assert_eq!(deadline.step(), None);
    }

    #[test]
    fn no_time_is_over_at_once() {
        let deadline = Deadline::after(Some(Duration::ZERO));
        assert!(deadline.is_over());
        assert_eq!(deadline.step(), Some(Duration::ZERO));
    }

    #[test]
    fn what_is_left_is_waited_for() {
        let deadline = Deadline::after(Some(Duration::from_secs(3600)));
        assert!(!deadline.is_over());
        assert!(deadline.step() <= Some(Duration::from_secs(3600)));
        assert!(deadline.step() > Some(Duration::ZERO));
    }

    #[test]
    fn a_longer_wait_than_the_kernel_takes_is_made_of_steps() {
        for timeout in [
            LONGEST_STEP + Duration::from_secs(3600),
            Duration::from_secs(1 << 31),
            Duration::from_secs(1 << 62),
        ] {
            let deadline = Deadline::after(Some(timeout));
            assert!(!deadline.is_over(), "{timeout:?}");
            assert_eq!(deadline.step(), Some(LONGEST_STEP), "{timeout:?}");
        }
    }

    #[test]
    fn what_exceeds_the_clock_is_forever() {
        let deadline = Deadline::after(Some(Duration::MAX));
        assert!(!deadline.is_over());
        assert_eq!(deadline.step(), None);
    }
}
