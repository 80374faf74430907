//! The bare loops: epoll, read, write and sendfile(2), without an allocation,
//! and without anything that the workload does not need.
//!
//! The calls go through the C library, as those of a loop in C do. With raw
//! system calls inlined into the loop, no function returns between one call and
//! the next, and on AMD processors whose kernel runs with the "safe RET"
//! mitigation such a loop is faster by a fifth at 64 connections: one `call` and
//! `ret` around either call, of whatever function, makes all of that up. It is
//! no limit for a program that is made of functions.
//!
//! The wait is epoll_wait(2), which valgrind knows in every version, and not
//! the younger epoll_pwait2(2).

mod blocking;
mod calls;
mod connect;
mod echo;
mod file;
mod handshakes;
mod idle;
mod openssl;
mod remote;
mod rustls;
mod secure;
mod timers;
mod tls_echo;
mod tls_file;
mod watch;

use std::io::{ErrorKind, Write};
use std::net::{TcpListener, TcpStream};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use rustix::event::{PollFd, PollFlags, poll};

use crate::Fallible;
use crate::subject::Subject;
use crate::workload::{Library, Over, Workload};

/// The events of one wait, as many as loopline takes.
const BATCH: usize = 1024;

/// As much a read as loopline takes.
const BUFFER: usize = 256 << 10;

pub(crate) fn make(workload: Workload) -> Fallible<Box<dyn Subject>> {
    Ok(match workload {
        Workload::Echo { over, size, .. } => match over {
            Over::Plain => Box::new(echo::Echo::new(size)?),
            Over::Rustls => Box::new(tls_echo::TlsEcho::<rustls::Secure>::new(size)?),
            Over::Openssl => Box::new(tls_echo::TlsEcho::<openssl::Secure>::new(size)?),
        },
        Workload::File { over, size, .. } => match over {
            Over::Plain => Box::new(file::Files::new(size)?),
            Over::Rustls => Box::new(tls_file::TlsFiles::<rustls::Secure>::new(size)?),
            Over::Openssl => Box::new(tls_file::TlsFiles::<openssl::Secure>::new(size)?),
        },
        Workload::Http { .. } => return Err("hyper has no bare loop".into()),
        Workload::Handshakes { library, .. } => match library {
            Library::Rustls => Box::new(handshakes::Handshakes::<rustls::Secure>::new()?),
            Library::Openssl => Box::new(handshakes::Handshakes::<openssl::Secure>::new()?),
        },
        Workload::Connect => Box::new(connect::Connect::new()?),
        Workload::Idle { over } => match over {
            Over::Plain => Box::new(idle::Idle::new()?),
            Over::Rustls => Box::new(idle::TlsIdle::<rustls::Secure>::new()?),
            Over::Openssl => Box::new(idle::TlsIdle::<openssl::Secure>::new()?),
        },
        Workload::Watch {
            descriptors,
            active,
        } => Box::new(watch::Watch::new(descriptors, active)?),
        Workload::FireTimers { .. } => Box::new(timers::Fire::new()?),
        Workload::CancelTimers { .. } => Box::new(timers::Cancel::default()),
        Workload::CallSoon => Box::new(calls::Calls::new()?),
        Workload::CallSoonThreadsafe => Box::new(remote::RemoteCalls::new()?),
        Workload::Wake => Box::new(remote::Wake::new()?),
        Workload::Spread { .. } => return Err("several loops are loopline's alone".into()),
    })
}

pub(crate) fn make_blocking(workload: Workload) -> Fallible<Box<dyn Subject>> {
    match workload {
        Workload::File { size, .. } => Ok(Box::new(blocking::BlockingFiles::new(size)?)),
        _ => Err("one blocking socket serves plain files alone".into()),
    }
}

/// The next connection, as an event loop wants it.
fn accept(listener: &TcpListener) -> Fallible<TcpStream> {
    let (stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

fn new_epoll() -> Fallible<Epoll> {
    Ok(Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?)
}

/// The wish to read from the connection of a number.
fn readable(number: usize) -> EpollEvent {
    EpollEvent::new(EpollFlags::EPOLLIN, number as u64)
}

/// Writes all of it. Each client waits for its echo, so its socket has room,
/// and the first call takes everything; the rest is for the sake of truth.
fn send(mut stream: &TcpStream, mut bytes: &[u8]) -> Fallible<()> {
    loop {
        match stream.write(bytes) {
            Ok(sent) if sent == bytes.len() => return Ok(()),
            Ok(sent) => bytes = &bytes[sent..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                poll(&mut [PollFd::new(stream, PollFlags::OUT)], None)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
}
