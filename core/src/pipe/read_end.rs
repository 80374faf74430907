//! What is read from.

use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::rc::Rc;

use super::taken::Taken;
use crate::backend::{AsSource, Key, Source};
use crate::engine::{Change, Engine, Watched};
use crate::transport::StreamIo;

/// A descriptor that is only read from.
pub(super) struct ReadEnd(Taken);

impl ReadEnd {
    pub(super) fn new(taken: Taken) -> Self {
        Self(taken)
    }

    fn descriptor(&self) -> Source<'_> {
        self.0.as_source()
    }
}

impl StreamIo for ReadEnd {
    const SYSTEM: bool = false;
    const WRITES: bool = false;

    fn receive(&self, into: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(self.0.as_fd(), into)?)
    }

    fn send(&self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn send_vectored(&self, _: &[IoSlice<'_>]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn shutdown_write(&self) -> io::Result<()> {
        Ok(())
    }

    fn adopt(&self, engine: &Engine, owner: Rc<dyn Watched>) -> Key {
        engine.adopt(self.descriptor(), owner)
    }

    fn arm(&self, engine: &Engine, change: Change) -> io::Result<()> {
        engine.change(self.descriptor(), change)
    }

    fn disown(&self, engine: &Engine, key: Key) {
        engine.disown(self.descriptor(), key);
    }
}
