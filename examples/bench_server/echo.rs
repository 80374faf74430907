//! A connection that gets back what it sends.

use std::rc::Rc;

use loopline::{Outcome, Protocol, Transport};

/// Sends back what comes, and takes nothing while nobody takes it back.
#[derive(Default)]
pub(crate) struct Echo(Option<Rc<dyn Transport>>);

impl Protocol for Echo {
    fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
        self.0 = Some(Rc::clone(transport));
        Ok(())
    }

    fn data_received(&mut self, data: &[u8]) -> Outcome {
        if let Some(transport) = &self.0 {
            transport.write(data)?;
        }
        Ok(())
    }

    fn pause_writing(&mut self) -> Outcome {
        if let Some(transport) = &self.0 {
            transport.pause_reading();
        }
        Ok(())
    }

    fn resume_writing(&mut self) -> Outcome {
        if let Some(transport) = &self.0 {
            transport.resume_reading();
        }
        Ok(())
    }
}
