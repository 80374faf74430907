//! TransmitFile.

use std::fs::File;
use std::io;
use std::mem;
use std::os::windows::io::{AsRawHandle, AsRawSocket, OwnedSocket};
use std::ptr::{self, NonNull};
use std::thread;

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Networking::WinSock::{
    SOCKET, TransmitFile, WSA_IO_PENDING, WSAGetLastError, WSAGetOverlappedResult,
};
use windows_sys::Win32::System::IO::{CancelIoEx, OVERLAPPED, OVERLAPPED_0, OVERLAPPED_0_0};

use super::{Packet, calls};

/// The most that one call may be asked for, in bytes (line A73). None at all
/// would be the whole file (line A75).
pub(crate) const MOST_PER_CALL: u32 = 0x7fff_fffe;

/// The system call, or what stands for it in a test: sends `count` bytes of the
/// file to the socket, and answers whether that was over at once.
///
/// # Safety
///
/// The `OVERLAPPED` and both handles stay as they are until its packet has been
/// taken. One comes unless the answer is an error.
pub(crate) type Transmit =
    unsafe fn(&OwnedSocket, &File, count: u32, *mut OVERLAPPED) -> io::Result<bool>;

/// TransmitFile itself.
pub(crate) const TRANSMIT_FILE: Transmit = transmit_file;

unsafe fn transmit_file(
    socket: &OwnedSocket,
    file: &File,
    count: u32,
    overlapped: *mut OVERLAPPED,
) -> io::Result<bool> {
    calls::note();
    // SAFETY: both handles are open, and the caller keeps them so, and the
    // `OVERLAPPED`, until the packet has been taken.
    let done = unsafe {
        TransmitFile(
            socket.as_raw_socket() as SOCKET,
            file.as_raw_handle(),
            count,
            0,
            overlapped,
            ptr::null(),
            0,
        )
    };
    if done != 0 {
        return Ok(true);
    }
    // SAFETY: the call reads a number of this thread's.
    match unsafe { WSAGetLastError() } {
        WSA_IO_PENDING => Ok(false),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

/// What the kernel works on, and the handles that it looks up as it goes.
struct Memory {
    overlapped: OVERLAPPED,
    socket: OwnedSocket,
    file: File,
}

/// A stretch of a file on its way, or whose packet has not been taken.
pub(crate) struct Transmission(NonNull<Memory>);

/// How a transmission ended, and the handles.
pub(crate) struct Transmitted {
    pub(crate) result: io::Result<()>,
    /// How many bytes have left, whatever the result.
    pub(crate) count: u32,
    pub(crate) socket: OwnedSocket,
    pub(crate) file: File,
}

/// What was not even begun: why, and the handles.
pub(crate) struct Refused {
    pub(crate) error: io::Error,
    pub(crate) socket: OwnedSocket,
    pub(crate) file: File,
}

impl Transmission {
    /// Starts sending `count` bytes from `offset`, which are to be at least 1
    /// and at most [`MOST_PER_CALL`]. If that is refused no packet comes, and
    /// the handles are given back.
    pub(crate) fn start(
        transmit: Transmit,
        socket: OwnedSocket,
        file: File,
        offset: u64,
        count: u32,
    ) -> Result<Self, Refused> {
        debug_assert!((1..=MOST_PER_CALL).contains(&count));
        let memory = Box::new(Memory {
            overlapped: OVERLAPPED {
                Anonymous: OVERLAPPED_0 {
                    Anonymous: OVERLAPPED_0_0 {
                        Offset: offset as u32,
                        OffsetHigh: (offset >> 32) as u32,
                    },
                },
                ..OVERLAPPED::default()
            },
            socket,
            file,
        });
        let memory = NonNull::from(Box::leak(memory));
        let place = memory.as_ptr();
        // SAFETY: the memory was allocated just now. It stays where it is, with
        // both handles open, and the `OVERLAPPED` untouched by us, until the
        // packet has been taken.
        let started = unsafe {
            let overlapped = &raw mut (*place).overlapped;
            transmit(&(*place).socket, &(*place).file, count, overlapped)
        };
        if let Err(error) = started {
            // SAFETY: the kernel has refused, so that the memory is ours.
            let memory = *unsafe { Box::from_raw(place) };
            return Err(Refused {
                error,
                socket: memory.socket,
                file: memory.file,
            });
        }
        Ok(Self(memory))
    }

    /// What its packet says.
    pub(crate) fn operation(&self) -> usize {
        // SAFETY: the memory is there; only an address is formed.
        let overlapped = unsafe { &raw const (*self.0.as_ptr()).overlapped };
        overlapped.addr()
    }

    pub(crate) fn file(&self) -> &File {
        // SAFETY: the memory is there for as long as `self`, and nobody writes
        // to this part of it.
        unsafe { &(*self.0.as_ptr()).file }
    }

    /// Asks the kernel to end it. Its packet follows, or is there.
    pub(crate) fn cancel(&self) {
        let memory = self.0.as_ptr();
        calls::note();
        // That there is nothing to cancel says that it has ended, or will be
        // asked again.
        // SAFETY: the memory is there, and keeps the socket open; the kernel
        // only compares the address of the `OVERLAPPED`.
        let _ = unsafe {
            let socket = (*memory).socket.as_raw_socket() as HANDLE;
            CancelIoEx(socket, &raw const (*memory).overlapped)
        };
    }

    /// Ends a transmission with its packet.
    ///
    /// # Panics
    ///
    /// If the packet is another's.
    pub(crate) fn finish(self, packet: Packet) -> Transmitted {
        assert_eq!(packet.operation(), self.operation());
        let place = self.0.as_ptr();
        mem::forget(self);
        // SAFETY: the packet, which is used up here, says that the kernel is
        // done with the memory; nobody else has it.
        let memory = *unsafe { Box::from_raw(place) };
        let (mut count, mut flags) = (0, 0);
        calls::note();
        // SAFETY: the operation has ended, so that the call only reads what
        // the `OVERLAPPED` says, and writes two numbers.
        let succeeded = unsafe {
            WSAGetOverlappedResult(
                memory.socket.as_raw_socket() as SOCKET,
                &raw const memory.overlapped,
                &raw mut count,
                0,
                &raw mut flags,
            )
        };
        let result = if succeeded == 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(())
        };
        Transmitted {
            result,
            count,
            socket: memory.socket,
            file: memory.file,
        }
    }
}

impl Drop for Transmission {
    fn drop(&mut self) {
        // The kernel may still read and write there: better lost.
        debug_assert!(
            thread::panicking(),
            "a transmission is dropped before its packet was taken"
        );
    }
}

/// Calls that end as a test has it.
#[cfg(test)]
pub(crate) mod scripted {
    use std::cell::Cell;

    use windows_sys::Win32::System::IO::PostQueuedCompletionStatus;

    use super::*;
    use crate::sys::Port;

    thread_local! {
        static PORT: Cell<HANDLE> = const { Cell::new(ptr::null_mut()) };
        static REFUSAL: Cell<i32> = const { Cell::new(0) };
    }

    /// A call that has sent everything when it returns, and sends a packet to
    /// the port under `key` 2 all the same. The port has to outlive its use.
    pub(crate) fn at_once(port: &Port) -> Transmit {
        PORT.set(port.raw());
        succeed
    }

    /// A call that is refused.
    pub(crate) fn refused(code: i32) -> Transmit {
        REFUSAL.set(code);
        refuse
    }

    unsafe fn succeed(
        _: &OwnedSocket,
        _: &File,
        count: u32,
        overlapped: *mut OVERLAPPED,
    ) -> io::Result<bool> {
        // SAFETY: the caller lends the `OVERLAPPED` until the packet comes.
        unsafe {
            (*overlapped).Internal = 0;
            (*overlapped).InternalHigh = count as usize;
        }
        // SAFETY: the port is open, and takes the pointer for a number.
        let posted = unsafe { PostQueuedCompletionStatus(PORT.get(), count, 2, overlapped) };
        assert_ne!(posted, 0, "{}", io::Error::last_os_error());
        Ok(true)
    }

    unsafe fn refuse(_: &OwnedSocket, _: &File, _: u32, _: *mut OVERLAPPED) -> io::Result<bool> {
        Err(io::Error::from_raw_os_error(REFUSAL.get()))
    }
}
