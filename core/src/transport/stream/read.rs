//! Reading.

use std::io::{self, Read};

use super::{Flags, PanicGuard, Stream, borrow};
use crate::engine::Engine;
use crate::protocol::Outcome;

/// The engine's read buffer, which goes back also when a callback panics.
struct Lent<'a> {
    engine: &'a Engine,
    buffer: Option<Box<[u8]>>,
}

impl<'a> Lent<'a> {
    fn new(engine: &'a Engine) -> Self {
        Self {
            buffer: Some(engine.take_read_buffer()),
            engine,
        }
    }

    fn bytes(&mut self) -> &mut [u8] {
        self.buffer.as_deref_mut().unwrap_or_default()
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            self.engine.return_read_buffer(buffer);
        }
    }
}

/// What one read brought.
enum Arrival {
    /// Data, and what the protocol made of it.
    Data(Outcome),
    End,
    Nothing,
    Failed(io::Error),
}

impl Arrival {
    fn of(read: io::Result<usize>, deliver: impl FnOnce(usize) -> Outcome) -> Self {
        match read {
            Ok(0) => Self::End,
            Ok(count) => Self::Data(deliver(count)),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Self::Nothing,
                _ => Self::Failed(error),
            },
        }
    }
}

impl Stream {
    pub(super) fn may_read(&self) -> bool {
        let flags = self.flags.get();
        flags.contains(Flags::MADE)
            && !flags.intersects(
                Flags::PAUSED | Flags::EOF_READ | Flags::CLOSING | Flags::TRANSFER | Flags::ENDING,
            )
    }

    pub(super) fn pause(&self) {
        // The kernel hears of it only if an event comes meanwhile.
        self.set(Flags::PAUSED);
    }

    pub(super) fn resume(&self) {
        self.clear(Flags::PAUSED);
        self.update_interest();
    }

    /// One read for one readiness (line D21).
    pub(super) fn read_ready(&self) {
        let Some(protocol) = self.protocol.borrow().clone() else {
            return;
        };
        let guard = PanicGuard(self);
        let read = {
            let mut protocol = borrow(&protocol);
            match protocol.as_buffered() {
                Some(buffered) => self.read_into(buffered),
                None => {
                    let mut lent = Lent::new(&self.engine);
                    let read = self.receive(lent.bytes());
                    Arrival::of(read, |count| {
                        protocol.data_received_mut(&mut lent.bytes()[..count])
                    })
                }
            }
        };
        std::mem::forget(guard);
        drop(protocol);
        self.engine.settle();
        match read {
            Arrival::Data(Ok(())) | Arrival::Nothing => {}
            Arrival::Data(Err(error)) => self.raised("data_received failed", error),
            Arrival::End => self.end_of_stream(),
            Arrival::Failed(error) => self.fail(Some(error)),
        }
    }

    /// Reads straight into the protocol's own buffer (line D29).
    fn read_into(&self, protocol: &mut dyn crate::protocol::BufferedProtocol) -> Arrival {
        let space = match protocol.buffer(None) {
            Ok(space) => space,
            Err(error) => return Arrival::Data(Err(error)),
        };
        if space.is_empty() {
            return Arrival::Data(Err("the protocol's buffer is empty".into()));
        }
        if !self.may_read() {
            // Paused or closed from inside the call (lines D17, D53).
            return Arrival::Nothing;
        }
        let read = self.receive(space);
        Arrival::of(read, |count| protocol.buffer_updated(count))
    }

    fn receive(&self, into: &mut [u8]) -> io::Result<usize> {
        self.with_socket(|mut socket| socket.read(into))
            .unwrap_or_else(|| Err(io::ErrorKind::NotConnected.into()))
    }

    /// The peer sends no more. The protocol hears of it once (line D26).
    fn end_of_stream(&self) {
        self.set(Flags::EOF_READ);
        match self.call(crate::protocol::Protocol::eof_received) {
            Some(Ok(true)) => self.update_interest(),
            Some(Ok(false)) => self.close_gently(),
            Some(Err(error)) => self.raised("eof_received failed", error),
            None => {}
        }
    }
}
