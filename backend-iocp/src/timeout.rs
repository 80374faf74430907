//! A timeout in the milliseconds of GetQueuedCompletionStatusEx, never rounded
//! down.

use std::time::Duration;

const NANOS_PER_MILLI: u128 = 1_000_000;

/// No limit, as the system call says it: `INFINITE`.
pub(crate) const FOREVER: u32 = u32::MAX;

/// The longest timeout that the system call can be asked for, in milliseconds.
const LONGEST: u32 = FOREVER - 1;

/// What one system call waits for; a wait that takes longer is continued.
pub(crate) fn milliseconds(left: Option<Duration>) -> u32 {
    left.map_or(FOREVER, |left| {
        let millis = left.as_nanos().div_ceil(NANOS_PER_MILLI);
        u32::try_from(millis).map_or(LONGEST, |millis| millis.min(LONGEST))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_timeout_is_no_limit() {
        assert_eq!(milliseconds(None), u32::MAX);
    }

    #[test]
    fn zero_polls() {
        assert_eq!(milliseconds(Some(Duration::ZERO)), 0);
    }

    #[test]
    fn milliseconds_are_rounded_up() {
        assert_eq!(milliseconds(Some(Duration::from_nanos(1))), 1);
        assert_eq!(milliseconds(Some(Duration::from_millis(1))), 1);
        assert_eq!(milliseconds(Some(Duration::from_nanos(1_000_001))), 2);
        assert_eq!(milliseconds(Some(Duration::from_nanos(999_999_999))), 1000);
    }

    #[test]
    fn what_is_too_long_is_never_forever() {
        for timeout in [
            Duration::from_millis(u64::from(LONGEST)),
            Duration::from_millis(u64::from(FOREVER)),
            Duration::from_millis(1 << 32),
            Duration::MAX,
        ] {
            assert_eq!(milliseconds(Some(timeout)), LONGEST, "{timeout:?}");
        }
    }
}
