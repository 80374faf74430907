//! Connections that only stand.

use std::net::SocketAddr;
use std::rc::Rc;

use loopline::{Outcome, Protocol, Transport};

use super::batch::{Batch, Serving};
use crate::Fallible;

/// A server whose connections hold no more than a protocol needs.
pub(crate) struct Idle(Serving);

impl Idle {
    /// What of a connection is the user's own: the protocol in the cell and
    /// the shared pointer that the loop holds it by.
    pub(crate) const PROTOCOL_BYTES: usize =
        size_of::<std::cell::RefCell<Connection>>() + 2 * size_of::<usize>();

    pub(crate) fn new() -> Fallible<Self> {
        Ok(Self(Serving::new(Connection::new)?))
    }

    pub(crate) fn over_tls() -> Fallible<Self> {
        Ok(Self(Serving::over_tls(Connection::new)?))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// Takes so many connections more.
    pub(crate) fn accept(&self, connections: usize) -> Fallible<()> {
        self.0.until(connections as u64)
    }
}

pub(crate) struct Connection {
    batch: Rc<Batch>,
    /// Held as any protocol holds it that ever writes.
    transport: Option<Rc<dyn Transport>>,
}

impl Connection {
    fn new(batch: &Rc<Batch>) -> Self {
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
