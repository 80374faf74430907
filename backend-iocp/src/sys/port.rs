//! The completion port.

use std::io;
use std::os::windows::io::{
    AsRawHandle, AsRawSocket, BorrowedHandle, BorrowedSocket, FromRawHandle, OwnedHandle,
};
use std::ptr;

use windows_sys::Wdk::Storage::FileSystem::{
    FILE_COMPLETION_INFORMATION, FileReplaceCompletionInformation, NtSetInformationFile,
};
use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE, WAIT_TIMEOUT};
use windows_sys::Win32::System::IO::{
    CreateIoCompletionPort, GetQueuedCompletionStatusEx, IO_STATUS_BLOCK, OVERLAPPED_ENTRY,
    PostQueuedCompletionStatus,
};

use super::{calls, error_of};

/// A queue of what the kernel, or another thread, has to say.
#[derive(Debug)]
pub(crate) struct Port(OwnedHandle);

/// The system call, or what stands for it in a test: has the packets of a socket
/// come to no port any more.
pub(crate) type Release = fn(BorrowedSocket<'_>) -> io::Result<()>;

/// The system call itself. Windows has it since 8.1, and Wine 10 has not; a
/// socket on which something is in flight is refused.
pub(crate) const RELEASE: Release = release;

fn release(socket: BorrowedSocket<'_>) -> io::Result<()> {
    let mut status_block = IO_STATUS_BLOCK::default();
    let nowhere = FILE_COMPLETION_INFORMATION::default();
    calls::note();
    // SAFETY: both pointers are to locals that outlive the call, which reads as
    // much of the second as is said; the socket is borrowed.
    let status = unsafe {
        NtSetInformationFile(
            socket.as_raw_socket() as HANDLE,
            &raw mut status_block,
            (&raw const nowhere).cast(),
            size_of::<FILE_COMPLETION_INFORMATION>() as u32,
            FileReplaceCompletionInformation,
        )
    };
    if status != 0 {
        return Err(error_of(status));
    }
    Ok(())
}

/// One entry of the queue.
///
/// There is one for each operation that was started, and no copy of it: it is
/// the proof that the kernel is done with the operation's memory.
#[derive(Debug)]
pub(crate) struct Packet {
    key: usize,
    operation: usize,
}

impl Packet {
    /// What the source of the packet was associated under.
    pub(crate) fn key(&self) -> usize {
        self.key
    }

    /// The address of the operation that has ended.
    pub(crate) fn operation(&self) -> usize {
        self.operation
    }
}

/// Where the kernel puts packets.
pub(crate) struct Entries(Vec<OVERLAPPED_ENTRY>);

impl Entries {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// The packets of the last [`Port::take`].
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Packet> {
        self.0.drain(..).map(|entry| Packet {
            key: entry.lpCompletionKey,
            operation: entry.lpOverlapped as usize,
        })
    }
}

impl Port {
    /// Makes a port for one thread.
    pub(crate) fn new() -> io::Result<Self> {
        calls::note();
        // SAFETY: without a file and an existing port, the call makes a port
        // and takes no memory of ours.
        let port = unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, ptr::null_mut(), 0, 1) };
        if port.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle was made just now and belongs to nobody else.
        Ok(Self(unsafe { OwnedHandle::from_raw_handle(port) }))
    }

    /// Has what is done through a handle reported here, under `key`.
    pub(crate) fn associate(&self, handle: BorrowedHandle<'_>, key: usize) -> io::Result<()> {
        self.associate_raw(handle.as_raw_handle(), key)
    }

    /// Has what is done through a socket reported here, under `key`.
    ///
    /// # Errors
    ///
    /// `ERROR_INVALID_PARAMETER` if it is reported to a port already, be it
    /// this one.
    pub(crate) fn associate_socket(
        &self,
        socket: BorrowedSocket<'_>,
        key: usize,
    ) -> io::Result<()> {
        self.associate_raw(socket.as_raw_socket() as HANDLE, key)
    }

    fn associate_raw(&self, handle: HANDLE, key: usize) -> io::Result<()> {
        calls::note();
        // SAFETY: the callers borrow the handle, and no memory is passed.
        let port = unsafe { CreateIoCompletionPort(handle, self.raw(), key, 0) };
        if port.is_null() {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// Queues a packet without an operation.
    pub(crate) fn post(&self, key: usize) -> io::Result<()> {
        calls::note();
        // SAFETY: the pointer is a plain number to the call, and null.
        let posted = unsafe { PostQueuedCompletionStatus(self.raw(), 0, key, ptr::null()) };
        if posted == 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// Takes packets from the queue, and waits for one if there is none. None
    /// at all come when the time is over.
    pub(crate) fn take(&self, entries: &mut Entries, milliseconds: u32) -> io::Result<usize> {
        let entries = &mut entries.0;
        // One that was left is of an operation that nobody asks after.
        entries.clear();
        let room = u32::try_from(entries.capacity()).unwrap_or(u32::MAX);
        let mut taken = 0;
        calls::note();
        // SAFETY: there is room for that many entries behind the pointer.
        let answer = unsafe {
            GetQueuedCompletionStatusEx(
                self.raw(),
                entries.as_mut_ptr(),
                room,
                &raw mut taken,
                milliseconds,
                0,
            )
        };
        if answer == 0 {
            let error = io::Error::last_os_error();
            let over = error.raw_os_error() == Some(WAIT_TIMEOUT as i32);
            return if over { Ok(0) } else { Err(error) };
        }
        let taken = (taken as usize).min(entries.capacity());
        // SAFETY: the kernel has written so many.
        unsafe { entries.set_len(taken) };
        Ok(taken)
    }

    pub(super) fn raw(&self) -> HANDLE {
        self.0.as_raw_handle()
    }
}
