//! A connection over TLS.

use std::io;
use std::rc::Rc;

use loopline::{Outcome, Protocol, Transport};

use crate::report;

/// Sends back what it gets, and takes nothing while nobody takes it back.
pub(crate) struct Echo {
    peer: String,
    /// From the end of the handshake on.
    transport: Option<Rc<dyn Transport>>,
}

impl Echo {
    pub(crate) fn new(peer: String) -> Self {
        Self {
            peer,
            transport: None,
        }
    }

    /// The handshake is done.
    pub(crate) fn begin(&mut self, transport: Rc<dyn Transport>) {
        self.transport = Some(transport);
    }
}

impl Protocol for Echo {
    fn data_received(&mut self, data: &[u8]) -> Outcome {
        if let Some(transport) = &self.transport {
            transport.write(data)?;
        }
        Ok(())
    }

    fn pause_writing(&mut self) -> Outcome {
        if let Some(transport) = &self.transport {
            transport.pause_reading();
        }
        Ok(())
    }

    fn resume_writing(&mut self) -> Outcome {
        if let Some(transport) = &self.transport {
            transport.resume_reading();
        }
        Ok(())
    }

    fn connection_lost(&mut self, error: Option<&io::Error>) -> Outcome {
        // A handshake that has failed is told of by whoever has waited for it.
        if self.transport.take().is_some() {
            report::lost(&self.peer, error);
        }
        Ok(())
    }
}
