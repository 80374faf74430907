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

pub(crate) use echo::Echo;
pub(crate) use file::{BlockingFiles, Files};

use std::net::{TcpListener, TcpStream};

use nix::sys::epoll::{Epoll, EpollCreateFlags};

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
