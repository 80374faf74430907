//! Connections over TLS that end once they are open.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use loopline::{Outcome, Protocol};

use super::batch::{Batch, Serving};
use crate::Fallible;
use crate::subject::Subject;

pub(super) struct Handshakes(pub(super) Serving);

impl Subject for Handshakes {
    fn address(&self) -> Option<SocketAddr> {
        self.0.address()
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.0.until(requests)
    }
}

pub(super) struct Connection(Rc<Batch>);

impl Connection {
    pub(super) fn new(batch: &Rc<Batch>) -> Self {
        Self(Rc::clone(batch))
    }
}

impl Protocol for Connection {
    fn connection_lost(&mut self, error: Option<&io::Error>) -> Outcome {
        match error {
            None => self.0.count(1),
            Some(_) => self.0.client_gone(),
        }
        Ok(())
    }
}
