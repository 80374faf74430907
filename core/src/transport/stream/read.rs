//! Reading.

use std::io;

use super::{Flags, PanicGuard, Stream, StreamIo, borrow};
use crate::BoxError;
use crate::engine::Engine;
use crate::protocol::{BufferedProtocol, Outcome, Protocol};

/// Why reading does not go on as before.
enum Halt {
    End,
    /// What the protocol has answered.
    Raised(BoxError),
    Failed(io::Error),
}

/// Gives the protocol what a read has brought.
#[inline]
fn deliver(read: io::Result<usize>, to: impl FnOnce(usize) -> Outcome) -> Result<(), Halt> {
    match read {
        Ok(0) => Err(Halt::End),
        Ok(count) => to(count).map_err(Halt::Raised),
        Err(error) if is_no_data(&error) => Ok(()),
        Err(error) => Err(Halt::Failed(error)),
    }
}

/// That there is no data is no reason.
#[cold]
fn is_no_data(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

impl<S: StreamIo> Stream<S> {
    pub(super) fn may_read(&self) -> bool {
        let decisive = Flags::MADE
            | Flags::PAUSED
            | Flags::EOF_READ
            | Flags::CLOSING
            | Flags::TRANSFER
            | Flags::UNREAD
            | Flags::ENDING;
        self.flags.get() & decisive == Flags::MADE
    }

    pub(super) fn pause(&self) {
        // The kernel hears of it only if an event comes meanwhile.
        self.set(Flags::PAUSED);
    }

    pub(super) fn resume(&self) {
        self.clear(Flags::PAUSED);
        if self.has(Flags::UNREAD) {
            self.queue_unread();
        } else {
            self.update_interest();
        }
    }

    /// One read for one readiness (line D21). What the protocol is owed is
    /// settled by who called.
    #[inline]
    pub(super) fn read_ready(&self, engine: &Engine) {
        if let Err(halt) = self.read(engine) {
            engine.settle();
            self.halt(halt);
        }
    }

    #[inline]
    fn read(&self, engine: &Engine) -> Result<(), Halt> {
        let Some(protocol) = self.protocol.get() else {
            return Ok(());
        };
        let guard = PanicGuard(self);
        let read = {
            let _entered = self.span.enter();
            let mut protocol = borrow(&protocol);
            match protocol.as_buffered() {
                Some(buffered) => self.read_into(buffered),
                None => self.read_for(&mut *protocol, engine),
            }
        };
        std::mem::forget(guard);
        read
    }

    /// Reads into the loop's buffer, which the protocol is lent.
    #[inline]
    fn read_for(&self, protocol: &mut dyn Protocol, engine: &Engine) -> Result<(), Halt> {
        let mut buffer = engine.read_buffer();
        let buffer = &mut **buffer;
        let read = self.receive(buffer);
        deliver(read, |count| {
            self.count_received(engine, count);
            protocol.data_received_mut(&mut buffer[..count])
        })
    }

    #[cold]
    fn halt(&self, halt: Halt) {
        match halt {
            Halt::Raised(error) => self.raised("data_received failed", error),
            Halt::End => self.end_of_stream(),
            Halt::Failed(error) => self.fail(Some(error)),
        }
    }

    /// Reads straight into the protocol's own buffer (line D29).
    #[inline]
    fn read_into(&self, protocol: &mut dyn BufferedProtocol) -> Result<(), Halt> {
        let space = protocol.buffer(None).map_err(Halt::Raised)?;
        if space.is_empty() {
            return Err(Halt::Raised("the protocol's buffer is empty".into()));
        }
        if !self.may_read() {
            // Paused or closed from inside the call (lines D17, D53).
            return Ok(());
        }
        let read = self.receive(space);
        deliver(read, |count| {
            self.count_received(&self.engine, count);
            protocol.buffer_updated(count)
        })
    }

    #[inline]
    fn receive(&self, into: &mut [u8]) -> io::Result<usize> {
        self.with_io(|io| io.receive(into))
            .unwrap_or_else(|| Err(io::ErrorKind::NotConnected.into()))
    }

    /// The peer sends no more. The protocol hears of it once (line D26).
    fn end_of_stream(&self) {
        self.set(Flags::EOF_READ);
        match self.call(Protocol::eof_received) {
            // What is only read is of no more use (line D32).
            Some(Ok(true)) if S::WRITES => self.update_interest(),
            Some(Ok(_)) => self.close_gently(),
            Some(Err(error)) => self.raised("eof_received failed", error),
            None => {}
        }
    }
}
