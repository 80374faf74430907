//! A pipe of which both ends can be watched.

use std::io;

/// Either end; bytes go both ways.
#[cfg(unix)]
pub(crate) type Pipe = std::os::unix::net::UnixStream;

/// Where only sockets of the network can be watched.
#[cfg(not(unix))]
pub(crate) type Pipe = std::net::TcpStream;

/// Makes both ends, which block.
#[cfg(unix)]
pub(crate) fn pair() -> io::Result<(Pipe, Pipe)> {
    Pipe::pair()
}

#[cfg(not(unix))]
pub(crate) fn pair() -> io::Result<(Pipe, Pipe)> {
    let listener = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
    let far = Pipe::connect(listener.local_addr()?)?;
    far.set_nodelay(true)?;
    loop {
        let (near, address) = listener.accept()?;
        // Anybody on this machine could have connected.
        if address == far.local_addr()? {
            return Ok((near, far));
        }
    }
}
