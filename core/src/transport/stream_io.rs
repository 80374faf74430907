//! What a stream connection goes over.

use std::io::{self, IoSlice};
use std::rc::Rc;

use socket2::Socket;

use crate::backend::{Interest, Key, NetworkStream, Source};
use crate::engine::{Change, Engine, Watched};

/// What a stream connection goes over: a socket of the system, or one of the
/// backend's own network.
///
/// The calls are those of sockets, and never block.
pub(crate) trait StreamIo: 'static {
    /// Whether it is a socket of the system.
    const SYSTEM: bool;

    /// Whether data is read from it. What is only written to is ready to be read
    /// when its reader may be gone.
    const READS: bool = true;

    /// Whether data is written to it.
    const WRITES: bool = true;

    fn receive(&self, into: &mut [u8]) -> io::Result<usize>;
    fn send(&self, data: &[u8]) -> io::Result<usize>;
    fn send_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;
    fn shutdown_write(&self) -> io::Result<()>;

    /// Whether there is somebody to read what is written, as far as the system
    /// tells.
    fn has_reader(&self) -> bool {
        true
    }

    /// Gives it to an owner, under whose key it is reported.
    fn adopt(&self, engine: &Engine, owner: Rc<dyn Watched>) -> Key;

    /// Tells the backend that another interest is wanted.
    fn arm(&self, engine: &Engine, change: Change) -> io::Result<()>;

    /// Takes it from its owner; nothing comes for its key any more.
    fn disown(&self, engine: &Engine, key: Key);

    /// Lends the system's socket, if it is one.
    fn with_socket<R>(&self, _: impl FnOnce(&Socket) -> R) -> Option<R> {
        None
    }

    /// The system's descriptor, if it is one.
    fn source(&self) -> Option<Source<'_>> {
        None
    }
}

impl StreamIo for Box<dyn NetworkStream> {
    const SYSTEM: bool = false;

    fn receive(&self, into: &mut [u8]) -> io::Result<usize> {
        (**self).receive(into)
    }

    fn send(&self, data: &[u8]) -> io::Result<usize> {
        (**self).send(&[IoSlice::new(data)])
    }

    fn send_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (**self).send(slices)
    }

    fn shutdown_write(&self) -> io::Result<()> {
        (**self).shutdown_write()
    }

    fn adopt(&self, engine: &Engine, owner: Rc<dyn Watched>) -> Key {
        engine.enlist(owner)
    }

    fn arm(&self, _: &Engine, change: Change) -> io::Result<()> {
        self.watch(change.key, change.want);
        Ok(())
    }

    fn disown(&self, engine: &Engine, key: Key) {
        self.watch(key, Interest::empty());
        engine.delist(key);
    }
}
