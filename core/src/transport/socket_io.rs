//! Receiving from a socket and sending to it.
//!
//! On Unix the calls are rustix's, which needs no wrapper of the C library on
//! Linux: a few per cent of a small message.
//!
//! A peer that is gone is an error and never SIGPIPE, whatever the program has
//! decided about that signal: send(2) with `MSG_NOSIGNAL`, as the standard
//! library does it. Apple's systems have an option of the socket instead, which
//! is set where a socket comes in.

use std::io;
#[cfg(unix)]
use std::io::IoSlice;

use socket2::Socket;

#[cfg(unix)]
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags};

#[cfg(all(unix, not(target_vendor = "apple")))]
const FLAGS: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const FLAGS: SendFlags = SendFlags::empty();

#[cfg(unix)]
#[inline]
pub(crate) fn receive(socket: &Socket, into: &mut [u8]) -> io::Result<usize> {
    let (received, _) = rustix::net::recv(socket, into, RecvFlags::empty())?;
    Ok(received)
}

#[cfg(unix)]
#[inline]
pub(crate) fn send(socket: &Socket, data: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(socket, data, FLAGS)?)
}

#[cfg(unix)]
pub(crate) fn send_vectored(socket: &Socket, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    let mut nothing = SendAncillaryBuffer::default();
    Ok(rustix::net::sendmsg(socket, slices, &mut nothing, FLAGS)?)
}

#[cfg(windows)]
pub(crate) fn receive(mut socket: &Socket, into: &mut [u8]) -> io::Result<usize> {
    io::Read::read(&mut socket, into)
}

#[cfg(windows)]
pub(crate) use super::pieces::{send, send_vectored};

/// Prepares a socket that was made elsewhere.
#[cfg(target_vendor = "apple")]
pub(crate) fn prepare(socket: &Socket) {
    // Without it the program's own handling of the signal stands.
    let _ = socket.set_nosigpipe(true);
}

#[cfg(not(target_vendor = "apple"))]
pub(crate) fn prepare(_: &Socket) {}
