//! What goes to the peer.

use std::io::IoSlice;

use super::{Flags, PanicGuard, State, TlsStream};
use crate::tls::TlsError;
use crate::transport::{Flow, WriteError};

/// How much is encrypted at once, in bytes: four full records, which stay in the
/// processor's cache until they have left.
pub(super) const PIECE: usize = 64 * 1024;

impl TlsStream {
    pub(super) fn write_slice(&self, data: &[u8]) -> Result<Flow, WriteError> {
        self.write_all(&mut std::iter::once(data))
    }

    /// Joins small slices, so that they share records (line B66).
    pub(super) fn write_slices(&self, lines: &[IoSlice<'_>]) -> Result<Flow, WriteError> {
        let total: usize = lines.iter().map(|line| line.len()).sum();
        if total > PIECE {
            return self.write_all(&mut lines.iter().map(|line| &**line));
        }
        let mut joined = self.engine.take_plain();
        for line in lines {
            joined.extend_from_slice(line);
        }
        let flow = self.write_slice(&joined);
        self.engine.return_plain(joined);
        flow
    }

    fn write_all(&self, pieces: &mut dyn Iterator<Item = &[u8]>) -> Result<Flow, WriteError> {
        if self.has(Flags::TRANSFER) {
            return Err(WriteError::SendFileInProgress);
        }
        if self.state() == State::Stopping {
            return Err(WriteError::HandedOver);
        }
        if self.state() != State::Open {
            self.dropped.note(&self.engine);
            return Ok(Flow::Closed);
        }
        let mut wire = self.engine.take_wire();
        let encrypted = self.encrypt(pieces, &mut wire);
        let spoke = !wire.is_empty();
        let below = self.send_wire(&mut wire);
        self.engine.return_wire(wire);
        if let Err(error) = encrypted {
            self.failed(error, spoke);
            return Ok(Flow::Closed);
        }
        self.reflow();
        Ok(if self.state() != State::Open || below == Flow::Closed {
            Flow::Closed
        } else if self.flow.is_full() {
            Flow::Full
        } else {
            Flow::Open
        })
    }

    /// Encrypts in pieces, so that a large write needs no large buffer; what is
    /// left in `wire` is still to be sent.
    fn encrypt(
        &self,
        slices: &mut dyn Iterator<Item = &[u8]>,
        wire: &mut Vec<u8>,
    ) -> Result<(), TlsError> {
        for piece in slices.flat_map(|slice| slice.chunks(PIECE)) {
            if wire.len() >= PIECE {
                self.send_wire(wire);
            }
            self.coder.borrow_mut().send(piece, wire)?;
        }
        Ok(())
    }

    /// Hands ciphertext to the transport below, and empties the buffer.
    pub(super) fn send_wire(&self, wire: &mut Vec<u8>) -> Flow {
        if wire.is_empty() {
            return Flow::Open;
        }
        // Below nothing refuses: no file is sent there, and its sending half
        // is ended by its close alone.
        let flow = self.below().map(|below| below.write(wire));
        wire.clear();
        flow.and_then(Result::ok).unwrap_or(Flow::Closed)
    }

    /// Ciphertext that waits below (line B59).
    pub(super) fn queued(&self) -> usize {
        self.below().map_or(0, |below| below.write_buffer_size())
    }

    /// Judges the queue below by the user's marks.
    pub(super) fn reflow(&self) {
        let live = matches!(self.state(), State::Open | State::Stopping | State::Closing);
        if !live {
            return;
        }
        let queued = self.queued();
        // A file that is being sent refuses writes, so going on waits for its
        // end (line A57).
        let due = self.flow.judge(queued, !self.has(Flags::TRANSFER));
        if due && !self.settle_flow() {
            self.engine.owe(self.key.get());
        }
        if queued == 0 {
            self.flushed();
        }
    }

    /// Tells the protocol what it is owed; false if it is busy.
    pub(super) fn settle_flow(&self) -> bool {
        let guard = PanicGuard(self);
        let told = self.flow.settle(&self.protocol, &self.engine);
        std::mem::forget(guard);
        told
    }

    /// What waited below has left, or nearly so.
    pub(super) fn drained(&self) {
        self.reflow();
        if self.has(Flags::PARKED) {
            // Not from inside the call of the transport below: the user's
            // report may panic, which is no fault of that one's.
            self.put(Flags::DRAINED, true);
            self.engine.owe(self.key.get());
        }
    }
}
