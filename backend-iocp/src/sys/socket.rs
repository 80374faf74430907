//! The socket below a socket.

use std::io;
use std::os::windows::io::{AsRawSocket, BorrowedSocket, RawSocket};
use std::ptr;

use windows_sys::Win32::Foundation::{GetHandleInformation, HANDLE};
use windows_sys::Win32::Networking::WinSock::{
    SIO_BASE_HANDLE, SIO_BSP_HANDLE_POLL, SO_TYPE, SOCKET, SOL_SOCKET, WSAENOTSOCK,
    WSAGetLastError, WSAIoctl, getsockopt,
};

use super::calls;

/// The number of a socket as the driver knows it. It owns nothing, as a socket
/// that is watched stays its user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BaseSocket(RawSocket);

impl BaseSocket {
    pub(super) fn handle(self) -> HANDLE {
        self.0 as HANDLE
    }
}

/// Finds the socket that the driver knows: layered service providers, such as
/// filters of old, put others before it.
///
/// # Errors
///
/// Whatever the system answers for what is no socket.
pub(crate) fn base(socket: BorrowedSocket<'_>) -> io::Result<BaseSocket> {
    let mut socket = socket.as_raw_socket();
    loop {
        let refused = match ask(socket, SIO_BASE_HANDLE) {
            Ok(base) => return Ok(BaseSocket(base)),
            Err(error) => error,
        };
        if refused.raw_os_error() == Some(WSAENOTSOCK) {
            return Err(refused);
        }
        // Some providers do not let the question through, but have to answer
        // which socket select() would poll: one layer below.
        match ask(socket, SIO_BSP_HANDLE_POLL) {
            Ok(below) if below != socket => socket = below,
            _ => return Err(refused),
        }
    }
}

/// Why a socket was refused: not being one is
/// [`Unsupported`](io::ErrorKind::Unsupported) (B6), and being closed is
/// `ERROR_INVALID_HANDLE`. Winsock has one error for both, and some calls have
/// others.
pub(crate) fn refusal(socket: BorrowedSocket<'_>, error: io::Error) -> io::Error {
    let socket = socket.as_raw_socket();
    if is_socket(socket) {
        return error;
    }
    let mut flags = 0;
    calls::note();
    // SAFETY: the handle is a number to the call, which writes the flags only.
    if unsafe { GetHandleInformation(socket as HANDLE, &raw mut flags) } == 0 {
        return io::Error::last_os_error();
    }
    io::Error::new(io::ErrorKind::Unsupported, error)
}

fn is_socket(handle: RawSocket) -> bool {
    let mut kind = 0_i32;
    let mut size = size_of_val(&kind) as i32;
    calls::note();
    // SAFETY: the output is as long as is said.
    let failed = unsafe {
        getsockopt(
            handle as SOCKET,
            SOL_SOCKET,
            SO_TYPE,
            (&raw mut kind).cast(),
            &raw mut size,
        )
    };
    // SAFETY: the call reads a number of this thread's.
    failed == 0 || unsafe { WSAGetLastError() } != WSAENOTSOCK
}

fn ask(socket: RawSocket, question: u32) -> io::Result<RawSocket> {
    let mut answer: RawSocket = 0;
    let mut written = 0;
    calls::note();
    // SAFETY: the output is a socket, and as long as is said; without an
    // OVERLAPPED the call is over when it returns.
    let failed = unsafe {
        WSAIoctl(
            socket as SOCKET,
            question,
            ptr::null(),
            0,
            (&raw mut answer).cast(),
            size_of::<RawSocket>() as u32,
            &raw mut written,
            ptr::null_mut(),
            None,
        )
    };
    if failed != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(answer)
}
