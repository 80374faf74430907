//! Sockets and what can be done to them.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::panic;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use loopline_core::backend::AsSource;

use super::os;
use crate::verdict::Stop;

/// An address of this machine, with a port that the system chooses.
const ANYWHERE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);

/// The two ends of a connection. The first does not block: it is the one to
/// watch. The second does: it is the peer.
pub(crate) fn pair() -> io::Result<(TcpStream, TcpStream)> {
    pair_through(&server()?)
}

/// A listener for [`pair_through`].
pub(crate) fn server() -> io::Result<TcpListener> {
    TcpListener::bind(ANYWHERE)
}

/// A [`pair`] of which the end to watch is the first descriptor that is made.
pub(crate) fn pair_through(listener: &TcpListener) -> io::Result<(TcpStream, TcpStream)> {
    let ours = TcpStream::connect(listener.local_addr()?)?;
    let theirs = loop {
        let (theirs, address) = listener.accept()?;
        // Not a stranger's, however unlikely.
        if address == ours.local_addr()? {
            break theirs;
        }
    };
    ours.set_nonblocking(true)?;
    theirs.set_nodelay(true)?;
    Ok((ours, theirs))
}

/// Closes a source and makes a readable one with its number.
pub(crate) fn successor(closed: TcpStream) -> Result<(TcpStream, TcpStream), Stop> {
    Vacancy::of(closed)?.fill()
}

/// The number of a source that was closed.
pub(crate) struct Vacancy {
    number: u64,
    server: TcpListener,
}

impl Vacancy {
    /// Closes a source.
    pub(crate) fn of(closed: TcpStream) -> io::Result<Self> {
        let number = closed.as_source().number();
        // Made before there is the number to take.
        let server = server()?;
        drop(closed);
        Ok(Self { number, server })
    }

    /// Makes a readable source with the number.
    pub(crate) fn fill(self) -> Result<(TcpStream, TcpStream), Stop> {
        const ATTEMPTS: usize = 64;
        // Kept, so that every attempt gets another number.
        let mut others = Vec::new();
        for _ in 0..ATTEMPTS {
            let (ours, mut theirs) = pair_through(&self.server)?;
            if ours.as_source().number() == self.number {
                theirs.write_all(b"unread")?;
                await_readable(&ours)?;
                return Ok((ours, theirs));
            }
            others.push((ours, theirs));
        }
        Err(Stop::skipped("a socket with the number of a closed one"))
    }
}

/// A [`pair`] whose first end has something to read.
pub(crate) fn readable_pair() -> io::Result<(TcpStream, TcpStream)> {
    let (ours, mut theirs) = pair()?;
    theirs.write_all(b"unread")?;
    await_readable(&ours)?;
    Ok((ours, theirs))
}

/// A listener that does not block.
pub(crate) fn listener() -> io::Result<TcpListener> {
    let listener = server()?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// A socket whose attempt to connect is under way, or over already.
pub(crate) fn connecting(to: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&to.into()) {
        Ok(()) => {}
        Err(error) if os::is_connecting(&error) => {}
        Err(error) => return Err(error),
    }
    Ok(socket.into())
}

/// An address where nobody listens.
pub(crate) fn deserted() -> io::Result<SocketAddr> {
    server()?.local_addr()
}

/// Addresses where nobody listens, and what keeps it so: sockets that are bound
/// and do not listen.
pub(crate) fn reserved(count: usize) -> io::Result<(Vec<SocketAddr>, Vec<Socket>)> {
    let (mut addresses, mut sockets) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from(ANYWHERE).into())?;
        addresses.extend(socket.local_addr()?.as_socket());
        sockets.push(socket);
    }
    Ok((addresses, sockets))
}

/// A datagram socket that gets what it sends.
pub(crate) fn echo() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(ANYWHERE)?;
    socket.connect(socket.local_addr()?)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Returns once there is something to read, without reading it.
pub(crate) fn await_readable(stream: &TcpStream) -> io::Result<()> {
    await_that(|| stream.peek(&mut [0]).map(drop))
}

/// Returns once there is a datagram to read, without reading it.
pub(crate) fn await_datagram(socket: &UdpSocket) -> io::Result<()> {
    await_that(|| socket.peek(&mut [0]).map(drop))
}

fn await_that(mut attempt: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    loop {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::yield_now(),
            other => return other,
        }
    }
}

/// Reads until there is nothing more for now, and returns what there was.
pub(crate) fn drain(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
        _ => Ok(bytes),
    }
}

/// Writes until nothing more is taken, and goes on being so for a while: what
/// is on its way to the peer makes room as it arrives.
pub(crate) fn fill(stream: &mut impl Write) -> io::Result<()> {
    let bytes = [0; 16 * 1024];
    let mut refusals = 0;
    while refusals < 3 {
        match stream.write(&bytes) {
            Ok(_) => refusals = 0,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                refusals += 1;
                thread::sleep(Duration::from_millis(10));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Closes a connection so that the peer gets an error instead of an end.
pub(crate) fn reset(stream: impl Into<Socket>) -> io::Result<()> {
    stream.into().set_linger(Some(Duration::ZERO))
}

/// A peer that reads until the end, on a thread of its own.
pub(crate) struct Reader(JoinHandle<io::Result<Vec<u8>>>);

impl Reader {
    pub(crate) fn of(mut stream: impl Read + Send + 'static) -> Self {
        Self(thread::spawn(move || {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes)?;
            Ok(bytes)
        }))
    }

    /// Whether it has come to the end.
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_finished()
    }

    /// All that was read, once the other end has been closed.
    pub(crate) fn bytes(self) -> io::Result<Vec<u8>> {
        self.0
            .join()
            .unwrap_or_else(|payload| panic::resume_unwind(payload))
    }
}
