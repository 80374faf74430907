//! Files and their handles.

use std::fs::File;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle};
use std::ptr;

use windows_sys::Wdk::Foundation::{NtQueryObject, ObjectBasicInformation};
use windows_sys::Win32::Foundation::{CompareObjectHandles, GENERIC_READ, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_OVERLAPPED, FILE_FLAG_SEQUENTIAL_SCAN, FILE_READ_DATA, FILE_SHARE_DELETE,
    FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_STANDARD_INFO, FILE_TYPE_DISK, FileStandardInfo,
    GetFileInformationByHandleEx, GetFileType, ReOpenFile,
};
use windows_sys::Win32::System::WindowsProgramming::PUBLIC_OBJECT_BASIC_INFORMATION;

use super::{calls, error_of};

/// Whether a file is on a file system, and no pipe, socket or console.
pub(crate) fn is_disk(file: &File) -> bool {
    calls::note();
    // SAFETY: the handle is open, and no memory is passed.
    let kind = unsafe { GetFileType(file.as_raw_handle()) };
    kind == FILE_TYPE_DISK
}

/// Whether a handle may be read from. TransmitFile is not relied on to ask: an
/// emulation of it may not.
///
/// # Errors
///
/// Whatever the system answers.
pub(crate) fn is_readable(file: &File) -> io::Result<bool> {
    let mut about = PUBLIC_OBJECT_BASIC_INFORMATION::default();
    calls::note();
    // SAFETY: the handle is open, and the output as long as is said.
    let status = unsafe {
        NtQueryObject(
            file.as_raw_handle(),
            ObjectBasicInformation,
            (&raw mut about).cast(),
            size_of::<PUBLIC_OBJECT_BASIC_INFORMATION>() as u32,
            ptr::null_mut(),
        )
    };
    if status != 0 {
        return Err(error_of(status));
    }
    Ok(about.GrantedAccess & FILE_READ_DATA != 0)
}

/// How long a file is, in bytes. None for a directory. This is one question to
/// the file system, where [`File::metadata`] asks several, one of them for the
/// volume.
///
/// # Errors
///
/// Whatever the system answers.
pub(crate) fn length(file: &File) -> io::Result<Option<u64>> {
    let mut about = FILE_STANDARD_INFO::default();
    calls::note();
    // SAFETY: the handle is open, and the output as long as is said.
    let answer = unsafe {
        GetFileInformationByHandleEx(
            file.as_raw_handle(),
            FileStandardInfo,
            (&raw mut about).cast(),
            size_of::<FILE_STANDARD_INFO>() as u32,
        )
    };
    if answer == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok((!about.Directory).then_some(about.EndOfFile as u64))
}

/// Whether two handles are of one open file, and so share a position.
pub(crate) fn is_same(one: &File, other: &File) -> bool {
    calls::note();
    // SAFETY: both handles are open, and no memory is passed.
    unsafe { CompareObjectHandles(one.as_raw_handle(), other.as_raw_handle()) != 0 }
}

/// Opens a file once more, for reading: with a position of its own, which
/// reads at an offset leave alone.
///
/// # Errors
///
/// Whatever the system answers, such as that the file was opened for one only.
pub(crate) fn reopen(file: &File) -> io::Result<File> {
    let sharing = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    let flags = FILE_FLAG_OVERLAPPED | FILE_FLAG_SEQUENTIAL_SCAN;
    calls::note();
    // SAFETY: the handle is open, and no memory is passed.
    let handle = unsafe { ReOpenFile(file.as_raw_handle(), GENERIC_READ, sharing, flags) };
    if handle.is_null() || handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle was made just now and belongs to nobody else.
    Ok(unsafe { File::from_raw_handle(handle) })
}
