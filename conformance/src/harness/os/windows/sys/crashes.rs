//! What becomes of a process that crashes.

use windows_sys::Win32::System::Diagnostics::Debug::{
    SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX, SetErrorMode,
};

/// Has a crash end this process at once. Otherwise the system may ask somebody
/// what to do, or start a debugger, and the process stays meanwhile.
pub(crate) fn end_at_once() {
    // SAFETY: no memory is passed.
    unsafe { SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX) };
}
