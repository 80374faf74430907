//! A connection taken off a listening socket.

use std::io;

use socket2::Socket;

use crate::transport::Address;

/// Takes the next connection, which does not block, and the name of its peer.
#[cfg(not(any(windows, target_vendor = "apple")))]
pub(super) fn accept(listener: &Socket) -> io::Result<(Socket, Option<Address>)> {
    use rustix::net::{SocketFlags, acceptfrom_with};

    // accept4(2): one call for what are three without its flags.
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let (accepted, peer) = acceptfrom_with(listener, flags)?;
    let peername = peer.as_ref().and_then(Address::from_any);
    Ok((accepted.into(), peername))
}

/// Takes the next connection, which does not block, and the name of its peer.
#[cfg(any(windows, target_vendor = "apple"))]
pub(super) fn accept(listener: &Socket) -> io::Result<(Socket, Option<Address>)> {
    let (accepted, peer) = listener.accept()?;
    accepted.set_nonblocking(true)?;
    Ok((accepted, Address::from_sock_addr(&peer)))
}
