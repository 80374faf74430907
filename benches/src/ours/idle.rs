//! Connections that only stand.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use loopline::{Outcome, Protocol, Transport};

use super::batch::{Batch, Serving};
use crate::Fallible;
use crate::subject::Subject;

/// What of a connection is the user's own: the protocol in its cell and the
/// shared pointer that the loop holds it by.
pub(crate) const PROTOCOL_BYTES: usize = size_of::<RefCell<Connection>>() + 2 * size_of::<usize>();

/// A server whose connections hold no more than a protocol needs.
pub(super) struct Idle(pub(super) Serving);

impl Subject for Idle {
    fn address(&self) -> Option<SocketAddr> {
        self.0.address()
    }

    fn serve(&mut self, connections: u64) -> Fallible<()> {
        self.0.until(connections)
    }
}

pub(super) struct Connection {
    batch: Rc<Batch>,
    /// Held as any protocol holds it that ever writes.
    transport: Option<Rc<dyn Transport>>,
}

impl Connection {
    pub(super) fn new(batch: &Rc<Batch>) -> Self {
        Self {
            batch: Rc::clone(batch),
            transport: None,
        }
    }
}

impl Protocol for Connection {
    fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
        self.transport = Some(Rc::clone(transport));
        self.batch.count(1);
        Ok(())
    }
}
