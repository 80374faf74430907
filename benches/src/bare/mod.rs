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

mod echo;
mod file;
mod handshakes;
mod tls;
mod tls_echo;
mod tls_file;
mod tls_idle;
mod tls_listener;

pub(crate) use echo::Echo;
pub(crate) use file::{BlockingFiles, Files};
pub(crate) use handshakes::Handshakes;
pub(crate) use tls_echo::TlsEcho;
pub(crate) use tls_file::TlsFiles;
pub(crate) use tls_idle::TlsIdle;

use std::io::{ErrorKind, Write};
use std::net::{TcpListener, TcpStream};

use nix::sys::epoll::{Epoll, EpollCreateFlags};
use rustix::event::{PollFd, PollFlags, poll};

use crate::Fallible;

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
