//! A timeout in the units of the two system calls, never rounded down.

use std::time::Duration;

use nix::sys::epoll::EpollTimeout;
use rustix::event::Timespec;

const NANOS_PER_MILLI: u128 = 1_000_000;

/// The longest timeout of epoll_wait(2), in milliseconds: a C `int`.
const MAX_MILLIS: i32 = i32::MAX;

/// The timeout of epoll_pwait2(2); `None` waits without a limit.
///
/// What is too long for the system call, 292 billion years, is forever.
pub(crate) fn timespec(timeout: Option<Duration>) -> Option<Timespec> {
    let timeout = timeout?;
    Some(Timespec {
        tv_sec: timeout.as_secs().try_into().ok()?,
        tv_nsec: timeout.subsec_nanos().into(),
    })
}

/// One step of a timeout in the milliseconds of epoll_wait(2).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// How long to wait now.
    pub(crate) now: EpollTimeout,
    /// How long to wait afterwards, if nothing has happened by then.
    pub(crate) then: Duration,
}

/// Splits a timeout into what one epoll_wait(2) can wait, and the rest.
pub(crate) fn step(timeout: Duration) -> Step {
    let millis = timeout.as_nanos().div_ceil(NANOS_PER_MILLI);
    let now = i32::try_from(millis).unwrap_or(MAX_MILLIS);
    Step {
        then: timeout.saturating_sub(Duration::from_millis(now.unsigned_abs().into())),
        // Not negative by construction; were it so, an empty batch is legal.
        now: EpollTimeout::try_from(now).unwrap_or(EpollTimeout::ZERO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(timeout: Duration) -> (i32, Duration) {
        let step = step(timeout);
        (step.now.into(), step.then)
    }

    #[test]
    fn no_timeout_is_no_limit() {
        assert_eq!(timespec(None), None);
    }

    #[test]
    fn zero_polls() {
        let zero = timespec(Some(Duration::ZERO)).expect("representable");
        assert_eq!((zero.tv_sec, zero.tv_nsec), (0, 0));
        assert_eq!(millis(Duration::ZERO), (0, Duration::ZERO));
    }

    #[test]
    fn nanoseconds_are_kept() {
        let timeout = timespec(Some(Duration::new(3, 999_999_999))).expect("representable");
        assert_eq!((timeout.tv_sec, timeout.tv_nsec), (3, 999_999_999));
    }

    #[test]
    fn milliseconds_are_rounded_up() {
        assert_eq!(millis(Duration::from_nanos(1)), (1, Duration::ZERO));
        assert_eq!(millis(Duration::from_millis(1)), (1, Duration::ZERO));
        assert_eq!(millis(Duration::from_nanos(1_000_001)), (2, Duration::ZERO));
        assert_eq!(
            millis(Duration::from_nanos(999_999_999)),
            (1000, Duration::ZERO)
        );
    }

    #[test]
    fn what_exceeds_an_int_of_milliseconds_is_waited_in_steps() {
        let limit = Duration::from_millis(2_147_483_647);
        assert_eq!(millis(limit), (i32::MAX, Duration::ZERO));
        let rest = Duration::from_nanos(1);
        assert_eq!(millis(limit + rest), (i32::MAX, rest));
        assert_eq!(millis(Duration::MAX), (i32::MAX, Duration::MAX - limit));
    }

    #[test]
    fn what_exceeds_the_kernels_seconds_is_forever() {
        let longest = Duration::from_secs(i64::MAX.unsigned_abs());
        assert!(timespec(Some(longest)).is_some());
        assert_eq!(timespec(Some(longest + Duration::from_secs(1))), None);
        assert_eq!(timespec(Some(Duration::MAX)), None);
    }
}
