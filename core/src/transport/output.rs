//! Sending to a socket.
//!
//! A peer that is gone is an error and never SIGPIPE, whatever the program has
//! decided about that signal: send(2) with `MSG_NOSIGNAL`, as the standard
//! library does it. Apple's systems have an option of the socket instead, which
//! is set where a socket comes in.

use std::io::{self, IoSlice};

use socket2::Socket;

#[cfg(all(unix, not(target_vendor = "apple")))]
const FLAGS: libc::c_int = libc::MSG_NOSIGNAL;
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
const FLAGS: i32 = 0;

pub(crate) fn send(socket: &Socket, data: &[u8]) -> io::Result<usize> {
    socket.send_with_flags(data, FLAGS)
}

pub(crate) fn send_vectored(socket: &Socket, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    socket.send_vectored_with_flags(slices, FLAGS)
}

/// Prepares a socket that was made elsewhere.
#[cfg(target_vendor = "apple")]
pub(crate) fn prepare(socket: &Socket) {
    // Without it the program's own handling of the signal stands.
    let _ = socket.set_nosigpipe(true);
}

#[cfg(not(target_vendor = "apple"))]
pub(crate) fn prepare(_: &Socket) {}
