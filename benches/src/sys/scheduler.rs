//! The scheduling class.

use std::io;

/// Puts this thread into the class whose threads never preempt each other when
/// they wake up.
pub(crate) fn never_preempt() -> io::Result<()> {
    let priority = libc::sched_param { sched_priority: 0 };
    // SAFETY: the parameters are this thread's own, and outlive the call.
    match unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const priority) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
