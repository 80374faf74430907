//! Messages sent back by a protocol.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use loopline::{Outcome, Protocol, Transport};

use super::batch::{Batch, Serving};
use crate::Fallible;
use crate::subject::Subject;

pub(super) struct Echo {
    serving: Serving,
    size: usize,
}

impl Echo {
    pub(super) fn new(serving: Serving, size: usize) -> Self {
        Self { serving, size }
    }
}

impl Subject for Echo {
    fn address(&self) -> Option<SocketAddr> {
        self.serving.address()
    }

    fn accept(&mut self, connections: usize) -> Fallible<()> {
        self.serving.until(connections as u64)
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.serving.until(requests * self.size as u64)
    }
}

pub(super) struct Connection {
    batch: Rc<Batch>,
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

    fn data_received(&mut self, data: &[u8]) -> Outcome {
        if let Some(transport) = &self.transport {
            // Each client waits for its echo, so flow is never an issue.
            let _ = transport.write(data)?;
        }
        self.batch.count(data.len() as u64);
        Ok(())
    }

    fn connection_lost(&mut self, _: Option<&io::Error>) -> Outcome {
        self.batch.client_gone();
        Ok(())
    }
}
