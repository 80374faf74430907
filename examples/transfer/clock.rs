//! CPU time.

use std::time::Duration;

/// What the whole process has used; none where the system is not asked.
pub(crate) fn process() -> Option<Duration> {
    system::read(system::PROCESS)
}

/// What this thread has used.
pub(crate) fn thread() -> Option<Duration> {
    system::read(system::THREAD)
}

#[cfg(unix)]
mod system {
    use std::time::Duration;

    use rustix::time::{ClockId, clock_gettime};

    pub(super) const PROCESS: ClockId = ClockId::ProcessCPUTime;
    pub(super) const THREAD: ClockId = ClockId::ThreadCPUTime;

    pub(super) fn read(clock: ClockId) -> Option<Duration> {
        clock_gettime(clock).try_into().ok()
    }
}

#[cfg(not(unix))]
mod system {
    use std::time::Duration;

    pub(super) const PROCESS: () = ();
    pub(super) const THREAD: () = ();

    pub(super) fn read((): ()) -> Option<Duration> {
        None
    }
}
