//! What goes to the peer.

use std::io::IoSlice;

use super::{Flags, PanicGuard, State, TlsStream};
use crate::tls::TlsError;
use crate::transport::{Flow, WriteError};

/// How much is encrypted at once, in bytes: four full records, which stay in the
/// processor's cache until they have left.
pub(super) const PIECE: usize = 64 * 1024;

impl TlsStream {
    /// Encrypts at once.
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
        let flow = self.write_or_gather(&joined);
        self.engine.return_plain(joined);
        flow
    }

    /// Whether bytes are taken, dropped, or refused.
    pub(super) fn admits(&self) -> Result<bool, WriteError> {
        if self.has(Flags::TRANSFER) {
            return Err(WriteError::SendFileInProgress);
        }
        match self.state() {
            State::Open => Ok(true),
            State::Stopping => Err(WriteError::HandedOver),
            _ => {
                self.dropped.note(&self.engine);
                Ok(false)
            }
        }
    }

    fn write_all(&self, pieces: &mut dyn Iterator<Item = &[u8]>) -> Result<Flow, WriteError> {
        if !self.admits()? {
            return Ok(Flow::Closed);
        }
        let below = self.send_encrypted(|wire| {
            self.encrypt_gathered(wire)?;
            for slice in pieces {
                self.encrypt(slice, wire)?;
            }
            Ok(())
        });
        if !self.is_flowing(below) {
            self.reflow();
        }
        Ok(match below {
            Flow::Closed => Flow::Closed,
            _ => self.open_flow(),
        })
    }

    /// Whether the queue below, which has the user's marks, says by its answer
    /// that there is nothing to be told to anybody.
    pub(super) fn is_flowing(&self, below: Flow) -> bool {
        below == Flow::Open && self.state() == State::Open && !self.flow.is_full()
    }

    /// What a write answers that has not failed.
    pub(super) fn open_flow(&self) -> Flow {
        if self.state() != State::Open {
            Flow::Closed
        } else if self.flow.is_full() {
            Flow::Full
        } else {
            Flow::Open
        }
    }

    /// Hands on what `encrypt` makes; the user is told of nothing.
    pub(super) fn send_encrypted(
        &self,
        encrypt: impl FnOnce(&mut Vec<u8>) -> Result<(), TlsError>,
    ) -> Flow {
        let mut wire = self.engine.take_wire();
        let encrypted = encrypt(&mut wire);
        let spoke = !wire.is_empty();
        let below = self.send_wire(&mut wire);
        self.engine.return_wire(wire);
        match encrypted {
            Ok(()) => below,
            Err(error) => {
                self.failed(error, spoke);
                Flow::Closed
            }
        }
    }

    /// Encrypts in pieces, so that a large write needs no large buffer; what is
    /// left in `wire` is still to be sent.
    fn encrypt(&self, slice: &[u8], wire: &mut Vec<u8>) -> Result<(), TlsError> {
        for piece in slice.chunks(PIECE) {
            if wire.len() >= PIECE {
                self.send_wire(wire);
            }
            self.code(|coder| coder.send(piece, wire))?;
        }
        Ok(())
    }

    /// Hands ciphertext to the transport below, and empties the buffer.
    pub(super) fn send_wire(&self, wire: &mut Vec<u8>) -> Flow {
        if wire.is_empty() {
            return Flow::Open;
        }
        let flow = self.send_records(wire);
        wire.clear();
        flow
    }

    /// Hands ciphertext to the transport below.
    pub(super) fn send_records(&self, records: &[u8]) -> Flow {
        // Below nothing refuses: no file is sent there, and its sending half
        // is ended by its close alone.
        let flow = self.below().map(|below| below.write(records));
        flow.and_then(Result::ok).unwrap_or(Flow::Closed)
    }

    /// Ciphertext that waits below (line B59).
    pub(super) fn queued(&self) -> usize {
        self.below().map_or(0, |below| below.write_buffer_size())
    }

    /// Judges the queue below by the user's marks, and tells him.
    pub(super) fn reflow(&self) {
        let queued = self.queued();
        if self.judge(queued) && !self.settle_flow() {
            self.owe();
        }
        if queued == 0 {
            self.flushed();
        }
    }

    /// Whether the user has to be told.
    pub(super) fn judge(&self, queued: usize) -> bool {
        let live = matches!(self.state(), State::Open | State::Stopping | State::Closing);
        // A file that is being sent refuses writes, so going on waits for its
        // end (line A57).
        live && self.flow.judge(queued, !self.has(Flags::TRANSFER))
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
            self.owe();
        }
    }
}
