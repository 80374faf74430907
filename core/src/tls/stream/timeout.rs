//! A limit that a connection keeps for as long as it lives.

use std::cell::Cell;
use std::time::Duration;

/// A duration in four bytes: whole milliseconds, rounded up, and at most 49
/// days, which is for ever where a peer is waited for.
pub(super) struct Timeout(Cell<u32>);

impl Timeout {
    pub(super) fn new(limit: Duration) -> Self {
        let timeout = Self(Cell::new(0));
        timeout.set(limit);
        timeout
    }

    pub(super) fn set(&self, limit: Duration) {
        let millis = limit.as_nanos().div_ceil(1_000_000);
        self.0.set(u32::try_from(millis).unwrap_or(u32::MAX));
    }

    pub(super) fn get(&self) -> Duration {
        Duration::from_millis(self.0.get().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_rounded_up_and_never_wrap() {
        let millis = Duration::from_millis;
        for (set, kept) in [
            (Duration::ZERO, Duration::ZERO),
            (Duration::from_nanos(1), millis(1)),
            (millis(30_000), millis(30_000)),
            (Duration::from_micros(1_001), millis(2)),
            (Duration::MAX, millis(u32::MAX.into())),
        ] {
            assert_eq!(Timeout::new(set).get(), kept);
        }
    }
}
