//! Unix: whatever has a file descriptor that can be polled.

use std::os::fd::OwnedFd;
use std::rc::Rc;

use super::PipeError;
use super::read_end::ReadEnd;
use super::taken::Taken;
use super::write_end::WriteEnd;
use crate::backend::Interest;
use crate::engine::Engine;
use crate::protocol::SharedProtocol;
use crate::transport::{Names, Stream, StreamIo, Transport};

/// An end of a pipe, owned: a file descriptor on Unix, a handle on Windows.
pub type OwnedPipe = OwnedFd;

pub(crate) fn connect_read_pipe(
    engine: &Rc<Engine>,
    pipe: OwnedPipe,
    factory: impl FnOnce() -> SharedProtocol,
) -> Result<Rc<dyn Transport>, PipeError> {
    let end = ReadEnd::new(Taken::take(engine, pipe, Interest::READ)?);
    Ok(open(engine, end, factory()))
}

pub(crate) fn connect_write_pipe(
    engine: &Rc<Engine>,
    pipe: OwnedPipe,
    factory: impl FnOnce() -> SharedProtocol,
) -> Result<Rc<dyn Transport>, PipeError> {
    let end = WriteEnd::new(Taken::take(engine, pipe, Interest::WRITE)?);
    Ok(open(engine, end, factory()))
}

/// Makes a transport of an end, which has no name and came by no server.
fn open(engine: &Rc<Engine>, end: impl StreamIo, protocol: SharedProtocol) -> Rc<dyn Transport> {
    Stream::open(engine, end, protocol, Names::new(None, None), None)
}
