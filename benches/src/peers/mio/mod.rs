//! mio: events of the system, edge by edge, and nothing above them.
//!
//! A read that has not filled its buffer has emptied the socket (epoll(7),
//! question 9), so that nobody reads once more to be told so.

mod files;
mod secure;
mod streams;
mod watch;

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};

use mio::event::Source;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::Fallible;
use crate::subject::{Subject, listen};
use crate::workload::{Over, Workload};

/// The events of one wait, as many as loopline takes.
const BATCH: usize = 1024;

/// As much a read as loopline takes.
const BUFFER: usize = 256 << 10;

/// What the events of the listener say of themselves; connections say their
/// number.
const LISTENER: Token = Token(usize::MAX);

pub(crate) fn make(workload: Workload) -> Fallible<Box<dyn Subject>> {
    Ok(match workload {
        Workload::Echo { over, size, .. } => match over {
            Over::Plain => Box::new(streams::Echo::new(size)?),
            _ => Box::new(secure::Connections::new(secure::Answer::Echo, size as u64)?),
        },
        Workload::File { over, size, .. } => match over {
            Over::Plain => Box::new(files::Files::new(size)?),
            _ => Box::new(secure::Connections::new(secure::Answer::File, size)?),
        },
        Workload::Handshakes { .. } => {
            Box::new(secure::Connections::new(secure::Answer::Goodbye, 0)?)
        }
        Workload::Connect => Box::new(streams::Connect::new()?),
        Workload::Idle { over } => match over {
            Over::Plain => Box::new(streams::Idle::new()?),
            _ => Box::new(secure::Connections::new(secure::Answer::Nothing, 0)?),
        },
        Workload::Watch {
            descriptors,
            active,
        } => Box::new(watch::Watch::new(descriptors, active)?),
        Workload::Wake => Box::new(watch::Wake::new()?),
        _ => return Err("mio has neither timers nor callbacks".into()),
    })
}

/// What all that listen have.
struct Net {
    poll: Poll,
    listener: TcpListener,
    address: SocketAddr,
}

impl Net {
    fn new() -> Fallible<Self> {
        let listener = listen()?;
        Ok(Self {
            poll: Poll::new()?,
            address: listener.local_addr()?,
            listener,
        })
    }

    /// Has connections told by [`LISTENER`]'s events.
    fn listen(&self) -> Fallible<mio::net::TcpListener> {
        let listener = self.listener.try_clone()?;
        listener.set_nonblocking(true)?;
        let mut listener = mio::net::TcpListener::from_std(listener);
        self.register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(listener)
    }

    fn register(
        &self,
        source: &mut impl Source,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        self.poll.registry().register(source, token, interest)
    }

    /// The next connection, which is there.
    fn accept(&self, number: usize, interest: Interest) -> Fallible<TcpStream> {
        let (stream, _) = self.listener.accept()?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        self.register(&mut stream, Token(number), interest)?;
        Ok(stream)
    }
}

fn events() -> Events {
    Events::with_capacity(BATCH)
}

fn send(mut stream: &TcpStream, bytes: &[u8]) -> Fallible<()> {
    // Each client waits for its answer, so its socket has room.
    match stream.write(bytes)? {
        sent if sent == bytes.len() => Ok(()),
        _ => Err("a client does not read".into()),
    }
}
