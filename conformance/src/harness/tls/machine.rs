//! One end of a connection: a coder and what its caller keeps for it.

use loopline_core::tls::{Coder, Progress, Session, TlsError, TlsErrorKind};

use super::cut::Cut;
use crate::verdict::Stop;

/// What stands in `plain` and `wire` before each call: it has to stay.
const MARK: &[u8] = b"what was there before";

/// One end of a connection, held as the contract says.
pub(crate) struct Machine {
    coder: Box<dyn Coder>,
    /// What was not consumed.
    pub(crate) input: Vec<u8>,
    pub(crate) plain: Vec<u8>,
    pub(crate) wire: Vec<u8>,
    pub(crate) progress: Progress,
}

impl Machine {
    /// One that has not been started.
    pub(crate) fn idle(coder: Box<dyn Coder>) -> Self {
        Self {
            coder,
            input: Vec::new(),
            plain: Vec::new(),
            wire: Vec::new(),
            progress: Progress::Handshaking,
        }
    }

    pub(crate) fn started(coder: Box<dyn Coder>) -> Result<Self, TlsError> {
        let mut machine = Self::idle(coder);
        machine.start()?;
        Ok(machine)
    }

    /// What was agreed on.
    ///
    /// # Errors
    ///
    /// That there is nothing yet.
    pub(crate) fn session(&self) -> Result<&Session, Stop> {
        let session = self.coder.session();
        session.ok_or_else(|| Stop::failed("there is no session"))
    }

    pub(crate) fn has_session(&self) -> bool {
        self.coder.session().is_some()
    }

    pub(crate) fn start(&mut self) -> Result<(), TlsError> {
        self.call(|coder, _, wire| coder.start(wire))
    }

    pub(crate) fn send(&mut self, plain: &[u8]) -> Result<(), TlsError> {
        self.call(|coder, _, wire| coder.send(plain, wire))
    }

    /// What memory that is there takes of `plain`; None if the coder does not use it.
    pub(crate) fn send_into(&mut self, plain: &[u8], room: &mut [u8]) -> Option<usize> {
        self.coder.send_into(plain, room)
    }

    pub(crate) fn update_keys(&mut self) -> Result<(), TlsError> {
        self.call(|coder, _, wire| coder.update_keys(wire))
    }

    pub(crate) fn close(&mut self) -> Result<(), TlsError> {
        self.call(|coder, _, wire| coder.close(wire))
    }

    pub(crate) fn take_wire(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.wire)
    }

    pub(crate) fn take_plain(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.plain)
    }

    /// One call of `receive` on all that is unconsumed; says how much was.
    pub(crate) fn receive_once(&mut self) -> Result<usize, TlsError> {
        let mut input = std::mem::take(&mut self.input);
        let received = self.call(|coder, plain, wire| coder.receive(&mut input, plain, wire));
        self.input = input;
        let received = received?;
        assert!(
            received.consumed <= self.input.len(),
            "{} bytes of {} were consumed",
            received.consumed,
            self.input.len()
        );
        self.input.drain(..received.consumed);
        let back =
            self.progress != Progress::Handshaking && received.progress == Progress::Handshaking;
        assert!(!back, "it went back from {:?}", self.progress);
        self.progress = received.progress;
        if self.progress == Progress::Handshaking {
            assert!(
                self.plain.is_empty(),
                "plaintext before the end of the handshake"
            );
            assert!(
                !self.has_session(),
                "a session before the end of the handshake"
            );
        } else {
            assert!(self.has_session(), "no session after the handshake");
        }
        Ok(received.consumed)
    }

    /// `bytes` arrive at once, and `receive` is called until it consumes nothing.
    pub(crate) fn arrive(&mut self, bytes: &[u8]) -> Result<(), TlsError> {
        self.input.extend_from_slice(bytes);
        while self.receive_once()? > 0 {}
        Ok(())
    }

    /// `bytes`, which begin with a record, arrive in pieces.
    pub(crate) fn feed(&mut self, bytes: &[u8], cut: Cut) -> Result<(), TlsError> {
        for piece in cut.pieces(bytes) {
            self.arrive(piece)?;
        }
        Ok(())
    }

    fn call<R>(
        &mut self,
        call: impl FnOnce(&mut dyn Coder, &mut Vec<u8>, &mut Vec<u8>) -> Result<R, TlsError>,
    ) -> Result<R, TlsError> {
        let (mut plain, mut wire) = (MARK.to_vec(), MARK.to_vec());
        let result = call(&mut *self.coder, &mut plain, &mut wire);
        assert!(
            plain.starts_with(MARK) && wire.starts_with(MARK),
            "what was in a buffer before is gone"
        );
        self.plain.extend_from_slice(&plain[MARK.len()..]);
        self.wire.extend_from_slice(&wire[MARK.len()..]);
        result
    }
}

/// The class of the error that a call has to end with.
///
/// # Errors
///
/// That it did not.
pub(crate) fn refusal<T>(result: Result<T, TlsError>) -> Result<TlsErrorKind, Stop> {
    match result {
        Ok(_) => Err(Stop::failed("it was not refused")),
        Err(error) => Ok(error.kind().clone()),
    }
}
