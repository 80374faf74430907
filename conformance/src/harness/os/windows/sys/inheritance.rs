//! What child processes inherit.

use std::io;
use std::os::windows::io::AsRawHandle;

use windows_sys::Win32::Foundation::{
    GetHandleInformation, HANDLE, HANDLE_FLAG_INHERIT, SetHandleInformation,
};

/// Whether child processes inherit a handle of this process. One that is open no
/// more is not.
pub(crate) fn is_inherited(handle: usize) -> bool {
    let mut flags = 0;
    // SAFETY: the handle is a number to the call, which writes the flags only.
    let known = unsafe { GetHandleInformation(handle as HANDLE, &raw mut flags) };
    known != 0 && flags & HANDLE_FLAG_INHERIT != 0
}

/// Has child processes inherit a handle.
///
/// # Errors
///
/// What the system answers.
pub(crate) fn have_inherited(handle: &impl AsRawHandle) -> io::Result<()> {
    // SAFETY: the handle is borrowed, and no memory is passed.
    let set = unsafe {
        SetHandleInformation(
            handle.as_raw_handle(),
            HANDLE_FLAG_INHERIT,
            HANDLE_FLAG_INHERIT,
        )
    };
    if set == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
