//! Connections of one's own.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use socket2::SockRef;

/// The two ends of a connection; the first does not block.
pub(crate) fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let ours = TcpStream::connect(listener.local_addr()?)?;
    let (theirs, _) = listener.accept()?;
    ours.set_nonblocking(true)?;
    Ok((ours, theirs))
}

/// Closes with a reset.
pub(crate) fn reset(stream: TcpStream) -> io::Result<()> {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO))
}

/// Writes until the kernel takes no more.
pub(crate) fn fill(mut stream: &TcpStream) -> io::Result<()> {
    loop {
        match stream.write(&[0; 65536]) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Everything until the end of the stream.
pub(crate) fn read(mut stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Closes one end, and tells what arrives at the other.
pub(crate) fn arrived(ours: TcpStream, theirs: TcpStream) -> io::Result<Vec<u8>> {
    drop(ours);
    read(&theirs)
}
