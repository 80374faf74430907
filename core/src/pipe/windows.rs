//! Windows, where only sockets are watched.

use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::rc::Rc;

use super::PipeError;
use crate::engine::Engine;
use crate::event_loop::{LoopClosed, WatchError};
use crate::protocol::SharedProtocol;
use crate::transport::Transport;

/// An end of a pipe, owned: a file descriptor on Unix, a handle on Windows.
pub type OwnedPipe = OwnedHandle;

pub(crate) fn connect_read_pipe(
    engine: &Rc<Engine>,
    pipe: OwnedPipe,
    _: impl FnOnce() -> SharedProtocol,
) -> Result<Rc<dyn Transport>, PipeError> {
    Err(refuse(engine, &pipe))
}

pub(crate) fn connect_write_pipe(
    engine: &Rc<Engine>,
    pipe: OwnedPipe,
    _: impl FnOnce() -> SharedProtocol,
) -> Result<Rc<dyn Transport>, PipeError> {
    Err(refuse(engine, &pipe))
}

fn refuse(engine: &Engine, pipe: &OwnedPipe) -> PipeError {
    if engine.is_closed() {
        return LoopClosed.into();
    }
    PipeError::Watch(WatchError::Unsupported {
        number: pipe.as_raw_handle() as u64,
    })
}
