//! One end of a connection, as a loop or a peer owns it.

use std::io::{self, IoSlice};
use std::rc::Rc;

use loopline_core::Address;
use loopline_core::backend::{Interest, Key, NetworkStream};

use super::connection::{Line, Side};
use super::ports::Port;

/// One end of a connection. Dropping it closes it.
pub(crate) struct SimStream {
    line: Rc<Line>,
    side: Side,
    /// The port that is the client's alone.
    _port: Option<Port>,
}

impl SimStream {
    pub(super) fn new(line: &Rc<Line>, side: Side, port: Option<Port>) -> Self {
        Self {
            line: Rc::clone(line),
            side,
            _port: port,
        }
    }

    pub(super) fn line(&self) -> &Rc<Line> {
        &self.line
    }

    pub(super) fn side(&self) -> Side {
        self.side
    }

    /// Closes it with an error for the peer.
    pub(super) fn abort(self) {
        self.line.abort(self.side);
    }
}

impl NetworkStream for SimStream {
    fn watch(&self, key: Key, want: Interest) {
        self.line.watch(self.side).set(key, want);
        self.line.update(self.side);
    }

    fn receive(&self, into: &mut [u8]) -> io::Result<usize> {
        self.line.receive(self.side, into)
    }

    fn send(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.line.send(self.side, slices)
    }

    fn shutdown_write(&self) -> io::Result<()> {
        self.line.shutdown_write(self.side)
    }

    fn peername(&self) -> Option<Address> {
        Some(self.line.name(self.side.other()).clone())
    }

    fn sockname(&self) -> Option<Address> {
        Some(self.line.name(self.side).clone())
    }
}

impl Drop for SimStream {
    fn drop(&mut self) {
        self.line.close(self.side);
    }
}
