//! What goes to the peer.

use std::io::IoSlice;

use super::{State, TlsStream};
use crate::transport::{Flow, WriteError};

/// How much of a file, or of one `writelines`, is encrypted at once, in bytes:
/// four full records, so that a record is seldom short.
const PIECE: usize = 64 * 1024;

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
        if self.state() != State::Open {
            return Ok(Flow::Closed);
        }
        let mut wire = self.engine.take_wire();
        let mut result = Ok(());
        for piece in pieces.filter(|piece| !piece.is_empty()) {
            result = self.coder.borrow_mut().send(piece, &mut wire);
            if result.is_err() {
                break;
            }
        }
        self.send_wire(&mut wire);
        self.engine.return_wire(wire);
        if let Err(error) = result {
            self.failed(error);
            return Ok(Flow::Closed);
        }
        self.reflow();
        Ok(self.flow_answer())
    }

    fn flow_answer(&self) -> Flow {
        if self.state() != State::Open {
            Flow::Closed
        } else if self.flow.is_full() {
            Flow::Full
        } else {
            Flow::Open
        }
    }

    /// Hands ciphertext to the transport below, and empties the buffer.
    pub(super) fn send_wire(&self, wire: &mut Vec<u8>) {
        if !wire.is_empty() {
            if let Some(below) = self.below() {
                // Below nothing refuses: no file is sent there, and its
                // sending half is ended by its close alone.
                let _ = below.write(wire);
            }
            wire.clear();
        }
    }

    /// Ciphertext that waits below (line B59).
    pub(super) fn queued(&self) -> usize {
        self.below().map_or(0, |below| below.write_buffer_size())
    }

    /// Judges the queue below by the user's marks.
    pub(super) fn reflow(&self) {
        if !matches!(self.state(), State::Open | State::Closing) {
            return;
        }
        let queued = self.queued();
        let due = self.flow.judge(queued, true);
        if due && !self.flow.settle(&self.protocol, &self.engine) {
            self.engine.owe(self.key.get());
        }
        if queued == 0 {
            self.flushed();
        }
    }
}
