//! Connections over TLS that end once they are open.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use loopline::{Outcome, Protocol};

use super::batch::{Batch, Serving};
use crate::Fallible;
use crate::stage::Subject;

pub(crate) struct Handshakes(Serving);

impl Handshakes {
    pub(crate) fn new() -> Fallible<Self> {
        Ok(Self(Serving::over_tls(|batch| {
            Connection(Rc::clone(batch))
        })?))
    }
}

impl Subject for Handshakes {
    fn address(&self) -> SocketAddr {
        self.0.address()
    }

    fn accept(&mut self, _: usize) -> Fallible<()> {
        Ok(())
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.0.until(requests)
    }
}

struct Connection(Rc<Batch>);

impl Protocol for Connection {
    fn connection_lost(&mut self, error: Option<&io::Error>) -> Outcome {
        match error {
            None => self.0.count(1),
            Some(_) => self.0.client_gone(),
        }
        Ok(())
    }
}
