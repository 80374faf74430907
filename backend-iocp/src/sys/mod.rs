//! The system calls, and the memory that the kernel works on.
//!
//! What is in flight belongs to the kernel until its packet has been taken from
//! the port: its status block, its buffers, and the handles that it uses. So
//! each operation is a value that owns all of that, and gives it back only for
//! its own [`Packet`], which nobody but the kernel makes. Nothing outside this
//! module has to be careful.

mod afd;
mod calls;
mod file;
mod port;
mod socket;
mod transmission;

pub(crate) use afd::{Afd, Poll, events};
#[cfg(test)]
pub(crate) use calls::made;
pub(crate) use file::{is_disk, is_readable, is_same, length, reopen};
pub(crate) use port::{Entries, Packet, Port, RELEASE, Release};
pub(crate) use socket::{BaseSocket, base, refusal};
#[cfg(test)]
pub(crate) use transmission::scripted;
pub(crate) use transmission::{MOST_PER_CALL, TRANSMIT_FILE, Transmission, Transmit};

use std::io;

use windows_sys::Win32::Foundation::{NTSTATUS, RtlNtStatusToDosError};

/// The error of a status of the kernel.
fn error_of(status: NTSTATUS) -> io::Error {
    // SAFETY: the function looks a number up in a table.
    let code = unsafe { RtlNtStatusToDosError(status) };
    io::Error::from_raw_os_error(code as i32)
}
