//! What a connection is like.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

/// Where reads end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reads {
    /// A read takes whatever has arrived, as the kernel's do.
    #[default]
    Joined,
    /// A read ends where a write ended.
    AsSent,
    /// A read takes at most so many bytes.
    Of(NonZeroUsize),
    /// A read takes at most so many bytes, and often fewer, by the seed of the
    /// simulation.
    Random(NonZeroUsize),
}

/// What a connection is like: how long bytes are under way, how many fit, and
/// how they arrive. Made from [`Link::default`] and changed field by field.
///
/// ```
/// use std::time::Duration;
/// use loopline_backend_sim::Link;
///
/// let mut satellite = Link::default();
/// satellite.latency = Duration::from_millis(300);
/// satellite.bandwidth = std::num::NonZeroU64::new(50_000);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Link {
    /// How long bytes are under way from one end to the other; none by
    /// default, which makes them arrive inside the call that sends them.
    pub latency: Duration,
    /// At most so much longer, by the seed of the simulation. Bytes never
    /// overtake each other.
    pub jitter: Duration,
    /// How many bytes can be sent in a second; without a limit by default.
    pub bandwidth: Option<NonZeroU64>,
    /// How many bytes fit between a writer and its reader, in each direction:
    /// under way, or arrived and not yet read. 64 KiB by default; at least one
    /// fits.
    pub buffer: usize,
    /// Where reads end.
    pub reads: Reads,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            bandwidth: None,
            buffer: 64 * 1024,
            reads: Reads::default(),
        }
    }
}

impl Link {
    /// How long so many bytes keep the line busy.
    pub(super) fn duration_of(&self, bytes: usize) -> Duration {
        const SECOND: u128 = 1_000_000_000;
        let Some(bandwidth) = self.bandwidth else {
            return Duration::ZERO;
        };
        let nanos = (bytes as u128 * SECOND).div_ceil(u128::from(bandwidth.get()));
        u64::try_from(nanos).map_or(Duration::MAX, Duration::from_nanos)
    }

    pub(super) fn capacity(&self) -> usize {
        self.buffer.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_their_time_rounded_up() {
        let mut link = Link::default();
        assert_eq!(link.duration_of(1 << 40), Duration::ZERO);
        link.bandwidth = NonZeroU64::new(3);
        assert_eq!(link.duration_of(3), Duration::from_secs(1));
        assert_eq!(link.duration_of(1), Duration::from_nanos(333_333_334));
        assert_eq!(link.duration_of(0), Duration::ZERO);
        link.bandwidth = NonZeroU64::new(1);
        assert_eq!(link.duration_of(usize::MAX), Duration::MAX);
    }
}
