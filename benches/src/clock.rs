//! The clock of everything that is timed here.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The CPU time of this process until now, user and kernel, all threads.
///
/// Waiting costs nothing by this clock, so a slow client or a busy machine does
/// not count as a slow subject.
pub(crate) fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    // Neither part of this clock is ever negative.
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}
