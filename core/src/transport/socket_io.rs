//! Receiving from a socket and sending to it.
//!
//! On Unix the calls are rustix's, which needs no wrapper of the C library on
//! Linux: a few per cent of a small message.
//!
//! A peer that is gone is an error and never SIGPIPE, whatever the program has
//! decided about that signal: send(2) with `MSG_NOSIGNAL`, as the standard
//! library does it. Apple's systems have an option of the socket instead, which
//! is set where a socket comes in.

use std::io::{self, IoSlice};
#[cfg(unix)]
use std::os::fd::{AsFd, OwnedFd};
#[cfg(windows)]
use std::os::windows::io::{AsSocket, OwnedSocket};
use std::rc::Rc;

#[cfg(unix)]
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags};
use socket2::{SockRef, Socket};

use super::StreamIo;
#[cfg(windows)]
use super::pieces;
use crate::backend::{AsSource, Key, Source};
use crate::engine::{Change, Engine, Watched};

/// A socket as the standard library owns it, which lends its descriptor without
/// a call.
#[cfg(unix)]
pub(crate) type Descriptor = OwnedFd;
#[cfg(windows)]
pub(crate) type Descriptor = OwnedSocket;

#[cfg(all(unix, not(target_vendor = "apple")))]
const FLAGS: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const FLAGS: SendFlags = SendFlags::empty();

#[cfg(unix)]
#[inline]
pub(crate) fn receive(socket: &impl AsFd, into: &mut [u8]) -> io::Result<usize> {
    let (received, _) = rustix::net::recv(socket, into, RecvFlags::empty())?;
    Ok(received)
}

#[cfg(unix)]
#[inline]
pub(crate) fn send(socket: &impl AsFd, data: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(socket, data, FLAGS)?)
}

#[cfg(unix)]
pub(crate) fn send_vectored(socket: &impl AsFd, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    let mut nothing = SendAncillaryBuffer::default();
    Ok(rustix::net::sendmsg(socket, slices, &mut nothing, FLAGS)?)
}

#[cfg(windows)]
pub(crate) fn receive(socket: &impl AsSocket, into: &mut [u8]) -> io::Result<usize> {
    io::Read::read(&mut &*SockRef::from(socket), into)
}

#[cfg(windows)]
pub(crate) fn send(socket: &impl AsSocket, data: &[u8]) -> io::Result<usize> {
    pieces::send(&SockRef::from(socket), data)
}

#[cfg(windows)]
pub(crate) fn send_vectored(socket: &impl AsSocket, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    pieces::send_vectored(&SockRef::from(socket), slices)
}

/// Prepares a socket that was made elsewhere.
#[cfg(target_vendor = "apple")]
fn prepare(socket: &Socket) {
    // Without it the program's own handling of the signal stands.
    let _ = socket.set_nosigpipe(true);
}

#[cfg(not(target_vendor = "apple"))]
fn prepare(_: &Socket) {}

impl StreamIo for Descriptor {
    const SYSTEM: bool = true;

    #[inline]
    fn receive(&self, into: &mut [u8]) -> io::Result<usize> {
        receive(self, into)
    }

    #[inline]
    fn send(&self, data: &[u8]) -> io::Result<usize> {
        send(self, data)
    }

    fn send_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        send_vectored(self, slices)
    }

    fn shutdown_write(&self) -> io::Result<()> {
        SockRef::from(self).shutdown(std::net::Shutdown::Write)
    }

    fn adopt(&self, engine: &Engine, owner: Rc<dyn Watched>) -> Key {
        prepare(&SockRef::from(self));
        engine.adopt(self.as_source(), owner)
    }

    fn arm(&self, engine: &Engine, change: Change) -> io::Result<()> {
        engine.change(self.as_source(), change)
    }

    fn disown(&self, engine: &Engine, key: Key) {
        engine.disown(self.as_source(), key);
    }

    fn with_socket<R>(&self, lend: impl FnOnce(&Socket) -> R) -> Option<R> {
        Some(lend(&SockRef::from(self)))
    }

    fn source(&self) -> Option<Source<'_>> {
        Some(self.as_source())
    }
}
