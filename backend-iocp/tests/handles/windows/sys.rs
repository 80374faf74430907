//! Handles of this process, and sockets that are none.

#[path = "../../../../conformance/src/harness/os/windows/sys/list.rs"]
mod list;

use std::fs::File;
use std::net::UdpSocket;
use std::os::windows::io::{
    AsRawHandle, AsRawSocket, AsSocket, BorrowedSocket, FromRawHandle, OwnedHandle, RawSocket,
};
use std::{io, ptr};

use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::IO::CreateIoCompletionPort;
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetProcAddress};
use windows_sys::Win32::System::Pipes::CreatePipe;

pub(crate) use list::handles;

/// A file as if it were a socket.
pub(crate) fn as_socket(file: &File) -> BorrowedSocket<'_> {
    let number = file.as_raw_handle() as RawSocket;
    // SAFETY: the handle is open for as long as the file is borrowed, and what
    // takes a socket has to find out that it is none.
    unsafe { BorrowedSocket::borrow_raw(number) }
}

/// A socket that was closed, of a number that is not given away soon: others
/// were closed before it and after it.
pub(crate) fn closed() -> io::Result<BorrowedSocket<'static>> {
    let sockets = (0..65).map(|_| UdpSocket::bind(("127.0.0.1", 0)));
    let sockets: Vec<_> = sockets.collect::<io::Result<_>>()?;
    let number = sockets[32].as_raw_socket();
    drop(sockets);
    // SAFETY: the number is nobody's now, and what takes a socket has to find
    // that out.
    Ok(unsafe { BorrowedSocket::borrow_raw(number) })
}

/// The two ends of a pipe: what is written to the second can be read from the
/// first.
pub(crate) fn pipe() -> io::Result<(File, File)> {
    let (mut reader, mut writer) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the call writes both handles, and makes them for nobody else.
    unsafe {
        if CreatePipe(&raw mut reader, &raw mut writer, ptr::null(), 0) == 0 {
            return Err(io::Error::last_os_error());
        }
        Ok((File::from_raw_handle(reader), File::from_raw_handle(writer)))
    }
}

/// Whether this is Wine, which misses some of what Windows has. It says so itself,
/// by a function that Windows has not.
pub(crate) fn is_wine() -> bool {
    // SAFETY: the name of a library that every process has, and one of a function,
    // both with a zero at the end; the function is not called.
    unsafe {
        let library = GetModuleHandleA(c"ntdll.dll".as_ptr().cast());
        GetProcAddress(library, c"wine_get_version".as_ptr().cast()).is_some()
    }
}

/// A completion port of somebody else's.
pub(crate) struct Port(OwnedHandle);

impl Port {
    /// Makes a port, and has a socket's packets come there.
    pub(crate) fn of(socket: &impl AsSocket) -> io::Result<Self> {
        let socket = socket.as_socket().as_raw_socket() as HANDLE;
        // SAFETY: the socket is borrowed, and no memory is passed.
        let port = unsafe {
            let port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, ptr::null_mut(), 0, 1);
            if port.is_null() {
                return Err(io::Error::last_os_error());
            }
            port
        };
        // SAFETY: the handle was made just now and belongs to nobody else.
        let port = Self(unsafe { OwnedHandle::from_raw_handle(port) });
        // SAFETY: both handles are open, and no memory is passed.
        if unsafe { CreateIoCompletionPort(socket, port.0.as_raw_handle(), 0, 0) }.is_null() {
            return Err(io::Error::last_os_error());
        }
        Ok(port)
    }
}
