//! Connections that come, have one byte sent back, and are closed.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use loopline::{Outcome, Protocol, Transport};

use super::batch::{Batch, Serving};
use crate::Fallible;
use crate::subject::Subject;

pub(super) struct Connect(pub(super) Serving);

impl Subject for Connect {
    fn address(&self) -> Option<SocketAddr> {
        self.0.address()
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.0.until(requests)
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
        Ok(())
    }

    fn data_received(&mut self, data: &[u8]) -> Outcome {
        if let Some(transport) = &self.transport {
            let _ = transport.write(data)?;
            transport.close();
        }
        Ok(())
    }

    fn connection_lost(&mut self, error: Option<&io::Error>) -> Outcome {
        match error {
            None => self.batch.count(1),
            Some(_) => self.batch.client_gone(),
        }
        Ok(())
    }
}
