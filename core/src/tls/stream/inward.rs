//! The side that the transport below calls.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use super::TlsStream;
use crate::BoxError;
use crate::protocol::{Outcome, Protocol, SharedProtocol};

/// A TLS connection as the protocol of the transport below. A wrapper, so that
/// the connection itself is not borrowed while it is called.
pub(super) struct Inward(pub(super) Rc<TlsStream>);

impl Drop for Inward {
    fn drop(&mut self) {
        self.0.orphaned();
    }
}

impl Protocol for Inward {
    fn data_received(&mut self, data: &[u8]) -> Outcome {
        self.0.wire_received(&mut data.to_vec());
        Ok(())
    }

    fn data_received_mut(&mut self, data: &mut [u8]) -> Outcome {
        self.0.wire_received(data);
        Ok(())
    }

    fn eof_received(&mut self) -> Result<bool, BoxError> {
        self.0.wire_ended();
        Ok(false)
    }

    fn connection_lost(&mut self, error: Option<&io::Error>) -> Outcome {
        self.0.wire_lost(error);
        Ok(())
    }

    fn pause_writing(&mut self) -> Outcome {
        self.0.reflow();
        Ok(())
    }

    fn resume_writing(&mut self) -> Outcome {
        self.0.drained();
        Ok(())
    }
}

/// The protocol of a connection until TLS is put onto it.
pub(crate) struct Placeholder;

impl Placeholder {
    pub(crate) fn shared() -> SharedProtocol {
        Rc::new(RefCell::new(Self))
    }
}

impl Protocol for Placeholder {}
