//! The driver below Winsock, and its polls.
//!
//! `IOCTL_AFD_POLL` is what select() and WSAPoll() are made of. Unlike them it
//! ends by a packet on a completion port, so that any number of sockets can be
//! watched at the price of those that are ready.

use std::io;
use std::mem;
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::thread;

use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{FILE_OPEN, NtCreateFile};
use windows_sys::Wdk::System::IO::NtDeviceIoControlFile;
use windows_sys::Win32::Foundation::{HANDLE, NTSTATUS, STATUS_PENDING, UNICODE_STRING};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_SHARE_READ, FILE_SHARE_WRITE, SYNCHRONIZE, SetFileCompletionNotificationModes,
};
use windows_sys::Win32::System::IO::{CancelIoEx, IO_STATUS_BLOCK, OVERLAPPED};
use windows_sys::Win32::System::WindowsProgramming::FILE_SKIP_SET_EVENT_ON_HANDLE;

use super::{BaseSocket, Packet, Port, calls, error_of};

/// What a socket can be polled for: the `AFD_POLL_*` bits of the driver.
pub(crate) mod events {
    pub(crate) const RECEIVE: u32 = 1 << 0;
    pub(crate) const SEND: u32 = 1 << 2;
    pub(crate) const DISCONNECT: u32 = 1 << 3;
    pub(crate) const ABORT: u32 = 1 << 4;
    /// The last handle on the socket was closed, on this side.
    pub(crate) const LOCAL_CLOSE: u32 = 1 << 5;
    pub(crate) const ACCEPT: u32 = 1 << 7;
    pub(crate) const CONNECT_FAIL: u32 = 1 << 8;
}

const IOCTL_AFD_POLL: u32 = 0x0001_2024;

/// No limit of a poll, as the driver says it.
const NO_TIMEOUT: i64 = i64::MAX;

/// Opens the driver itself: any name below its own will do.
const NAME: &[u16] = &wide(*b"\\Device\\Afd\\Loopline");

const fn wide<const N: usize>(ascii: [u8; N]) -> [u16; N] {
    let mut wide = [0; N];
    let mut at = 0;
    while at < N {
        wide[at] = ascii[at] as u16;
        at += 1;
    }
    wide
}

/// A handle on the driver, on which polls are started.
#[derive(Debug)]
pub(crate) struct Afd(OwnedHandle);

impl Afd {
    /// Opens the driver, and has its polls end at the port under `key`.
    pub(crate) fn open(port: &Port, key: usize) -> io::Result<Self> {
        let length = size_of_val(NAME) as u16;
        let name = UNICODE_STRING {
            Length: length,
            MaximumLength: length,
            Buffer: NAME.as_ptr().cast_mut(),
        };
        let attributes = OBJECT_ATTRIBUTES {
            Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
            ObjectName: &raw const name,
            ..OBJECT_ATTRIBUTES::default()
        };
        let mut handle: HANDLE = ptr::null_mut();
        let mut status_block = IO_STATUS_BLOCK::default();
        calls::note();
        // SAFETY: every pointer is to a local that outlives the call, which
        // writes the handle and the status block, and reads the rest.
        let status = unsafe {
            NtCreateFile(
                &raw mut handle,
                SYNCHRONIZE,
                &raw const attributes,
                &raw mut status_block,
                ptr::null(),
                0,
                FILE_SHARE_READ | FILE_SHARE_WRITE,
                FILE_OPEN,
                0,
                ptr::null(),
                0,
            )
        };
        if status != 0 {
            return Err(error_of(status));
        }
        // SAFETY: the handle was made just now and belongs to nobody else.
        let afd = Self(unsafe { OwnedHandle::from_raw_handle(handle) });
        port.associate(afd.0.as_handle(), key)?;
        calls::note();
        // Nobody waits for the handle itself, so the kernel need not signal it.
        // SAFETY: the handle is open, and no memory is passed.
        let set = unsafe {
            SetFileCompletionNotificationModes(afd.raw(), FILE_SKIP_SET_EVENT_ON_HANDLE as u8)
        };
        if set == 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(afd)
    }

    fn raw(&self) -> HANDLE {
        self.0.as_raw_handle()
    }
}

/// `AFD_POLL_INFO` for one socket: the question, and then the answer.
#[repr(C)]
struct Info {
    timeout: i64,
    handles: u32,
    /// Whether other polls of the socket through the same handle are to end.
    exclusive: u32,
    handle: HANDLE,
    events: u32,
    status: NTSTATUS,
}

/// What the kernel works on while a poll is pending. The `OVERLAPPED`, which it
/// begins with, is its status block, so that CancelIoEx finds the poll.
#[repr(C)]
struct Memory {
    overlapped: OVERLAPPED,
    info: Info,
    /// What the poll was started on.
    afd: Rc<Afd>,
    /// Who asks.
    owner: usize,
}

/// A poll of one socket that is pending, or whose packet has not been taken.
pub(crate) struct Poll(NonNull<Memory>);

impl Poll {
    /// Starts a poll, on behalf of `owner`. If that is refused no packet comes.
    pub(crate) fn start(
        afd: &Rc<Afd>,
        socket: BaseSocket,
        events: u32,
        owner: usize,
    ) -> io::Result<Self> {
        let memory = Box::new(Memory {
            overlapped: OVERLAPPED::default(),
            info: Info {
                timeout: NO_TIMEOUT,
                handles: 1,
                exclusive: 0,
                handle: socket.handle(),
                events,
                status: 0,
            },
            afd: Rc::clone(afd),
            owner,
        });
        let memory = NonNull::from(Box::leak(memory));
        calls::note();
        // SAFETY: the memory was allocated just now. It stays where it is, and
        // what the kernel has of it untouched by us, until the packet of the
        // poll has been taken. The lengths are those of what the pointers
        // point to.
        let status = unsafe {
            let info = &raw mut (*memory.as_ptr()).info;
            NtDeviceIoControlFile(
                afd.raw(),
                ptr::null_mut(),
                None,
                memory.as_ptr().cast(),
                memory.as_ptr().cast(),
                IOCTL_AFD_POLL,
                info.cast(),
                size_of::<Info>() as u32,
                info.cast(),
                size_of::<Info>() as u32,
            )
        };
        // What has succeeded at once sends a packet like what is pending.
        if status < 0 {
            // SAFETY: the kernel has refused, so that the memory is ours.
            drop(unsafe { Box::from_raw(memory.as_ptr()) });
            return Err(error_of(status));
        }
        debug_assert!(status == 0 || status == STATUS_PENDING, "{status:#x}");
        Ok(Self(memory))
    }

    /// Who started the poll that a packet is of. The key of the packet has to
    /// be the one of the driver.
    pub(crate) fn owner(packet: &Packet) -> usize {
        let memory = packet.operation() as *const Memory;
        // SAFETY: handles on the driver are private to this module, so all
        // that comes under their key are polls; and the memory of a poll is
        // freed by nothing but its packet, which is still there.
        unsafe { (*memory).owner }
    }

    /// Asks the kernel to end the poll. Its packet follows, or is there.
    pub(crate) fn cancel(&self) {
        let memory = self.0.as_ptr();
        calls::note();
        // That there is nothing to cancel says that the poll has ended.
        // SAFETY: the memory is the poll's, and keeps the handle open; the
        // kernel only compares the address of the status block.
        let _ = unsafe { CancelIoEx((*memory).afd.raw(), &raw const (*memory).overlapped) };
    }

    /// Ends a poll with its packet. Returns what the socket is ready for:
    /// nothing if the poll was cancelled or failed.
    ///
    /// # Panics
    ///
    /// If the packet is another's.
    pub(crate) fn finish(self, packet: Packet) -> u32 {
        let memory = self.0.as_ptr();
        assert_eq!(packet.operation(), memory.addr());
        mem::forget(self);
        // SAFETY: the packet, which is used up here, says that the kernel is
        // done with the memory; nobody else has it.
        let memory = unsafe { Box::from_raw(memory) };
        let succeeded = memory.overlapped.Internal == 0;
        if succeeded && memory.info.handles > 0 {
            memory.info.events
        } else {
            0
        }
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        // The kernel may still write there: better lost than overwritten.
        debug_assert!(
            thread::panicking(),
            "a poll is dropped before its packet was taken"
        );
    }
}
