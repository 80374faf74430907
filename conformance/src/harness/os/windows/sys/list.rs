//! The handles of this process, which only the kernel's own list tells: under
//! Wine GetProcessHandleCount always answers 0.

use std::io;
use std::process;
use std::ptr;

use windows_sys::Wdk::System::SystemInformation::NtQuerySystemInformation;
use windows_sys::Win32::Foundation::{RtlNtStatusToDosError, STATUS_INFO_LENGTH_MISMATCH};

/// `SystemExtendedHandleInformation`: every handle of every process.
const EVERY_HANDLE: i32 = 64;

/// What stands before the list: `SYSTEM_HANDLE_INFORMATION_EX`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Head {
    count: usize,
    reserved: usize,
}

/// `SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Entry {
    object: usize,
    process: usize,
    handle: usize,
    access: u32,
    back_trace: u16,
    kind: u16,
    attributes: u32,
    reserved: u32,
}

/// Lists the handles that this process has open, of all kinds.
///
/// # Errors
///
/// What the kernel answers.
pub(crate) fn handles() -> io::Result<Vec<usize>> {
    // In words, which are aligned as the kernel has it.
    let mut list: Vec<usize> = vec![0; 1 << 16];
    loop {
        let size = u32::try_from(size_of_val(&list[..])).map_err(io::Error::other)?;
        // SAFETY: there is room for so many bytes behind the pointer.
        let status = unsafe {
            NtQuerySystemInformation(
                EVERY_HANDLE,
                list.as_mut_ptr().cast(),
                size,
                ptr::null_mut(),
            )
        };
        match status {
            0 => return Ok(own(&list)),
            STATUS_INFO_LENGTH_MISMATCH => list.resize(list.len() * 2, 0),
            status => {
                // SAFETY: the function looks a number up in a table.
                let code = unsafe { RtlNtStatusToDosError(status) };
                return Err(io::Error::from_raw_os_error(code as i32));
            }
        }
    }
}

/// Those of this process in a list of all.
fn own(list: &[usize]) -> Vec<usize> {
    const WORD: usize = size_of::<usize>();
    let (head, rest) = list.split_at(size_of::<Head>() / WORD);
    // SAFETY: both are numbers only, for which all bits are right.
    let head = unsafe { head.as_ptr().cast::<Head>().read() };
    let process = process::id() as usize;
    rest.chunks_exact(size_of::<Entry>() / WORD)
        .take(head.count)
        // SAFETY: the chunk is as long, and as aligned, as an entry, which is
        // numbers only.
        .map(|entry| unsafe { entry.as_ptr().cast::<Entry>().read() })
        .filter(|entry| entry.process == process)
        .map(|entry| entry.handle)
        .collect()
}
