//! Sending a file through the coder.
//!
//! What is read of the file is encrypted at once, a piece at a time, and handed
//! to the transport below; as soon as something waits there, the rest of the
//! file waits too. Below says when that has left: while a file is being sent,
//! its marks are 0.

use std::io;
use std::rc::{Rc, Weak};

use super::outgoing::PIECE;
use super::{Flags, State, TlsStream};
use crate::engine::Engine;
use crate::send_file::{Active, Carrier, SendFileErrorKind as Kind, Step, Transfer};
use crate::transport::{Address, Flow, Line};

/// How much is sent in one turn, in bytes: other connections wait for at most
/// so long (line A70).
const STRETCH: u64 = 1024 * 1024;

/// Room for the records of one piece, in bytes: what they add to it, unless they
/// are tiny.
const RECORDS: usize = PIECE + 16 * 1024;

impl TlsStream {
    /// Encrypts and hands on; says how much of `plain` has been taken.
    fn send_plain(&self, plain: &[u8]) -> io::Result<usize> {
        let mut records = self.engine.take_records();
        records.resize(RECORDS, 0);
        let taken = self.send_pieces(plain, &mut records);
        self.engine.return_records(records);
        taken
    }

    fn send_pieces(&self, plain: &[u8], records: &mut [u8]) -> io::Result<usize> {
        let mut taken = 0;
        for piece in plain.chunks(PIECE) {
            if self.send_piece(piece, records)? == Flow::Closed {
                // Why will be known when the transport below has ended.
                break;
            }
            taken += piece.len();
            if self.queued() > 0 {
                break;
            }
        }
        Ok(taken)
    }

    fn send_piece(&self, piece: &[u8], records: &mut [u8]) -> io::Result<Flow> {
        let filled = self.code(|coder| Ok(coder.send_into(piece, records)))?;
        if let Some(records) = filled.and_then(|filled| records.get(..filled)) {
            return Ok(self.send_records(records));
        }
        let mut wire = self.engine.take_wire();
        let encrypted = self.code(|coder| coder.send(piece, &mut wire));
        let flow = self.send_wire(&mut wire);
        self.engine.return_wire(wire);
        encrypted?;
        Ok(flow)
    }

    /// Goes on with the file that is being sent, if nothing waits below.
    pub(super) fn send_more(&self) {
        if self.has(Flags::TRANSFER) && self.queued() == 0 {
            self.transfer_ready();
        }
    }

    /// Where the user wants what waits below to be judged, or where this
    /// connection has to know that nothing waits any more.
    pub(super) fn share_limits(&self) {
        let watching = self.has(Flags::PARKED) || self.state() == State::Closing;
        let limits = self.flow.limits();
        let (high, low) = if watching {
            (0, 0)
        } else {
            (limits.high, limits.low)
        };
        if let Some(below) = self.below() {
            // In this order they are always accepted.
            let _ = below.set_write_buffer_limits(Some(high), Some(low));
        }
    }
}

impl Carrier for TlsStream {
    fn this(&self) -> &Weak<Self> {
        &self.this
    }

    fn engine(&self) -> &Rc<Engine> {
        &self.engine
    }

    fn peer(&self) -> Option<Address> {
        self.peername()
    }

    fn check_sending(&self) -> Result<(), Kind> {
        if self.state() == State::Stopping {
            Err(Kind::HandedOver)
        } else if self.is_closing() || self.state() != State::Open {
            Err(Kind::Closing)
        } else if self.has(Flags::TRANSFER) {
            Err(Kind::InProgress)
        } else {
            Ok(())
        }
    }

    fn guard(&self, on: bool) {
        self.put(Flags::TRANSFER, on);
    }

    fn is_drained(&self) -> bool {
        self.queued() == 0
    }

    fn is_ending(&self) -> bool {
        self.state() != State::Open
    }

    fn send_some(&self, transfer: &mut Transfer) -> Option<Step> {
        let until = transfer.sent() + STRETCH;
        loop {
            let step = transfer.step(&self.engine, None, &mut |plain| self.send_plain(plain));
            let more = matches!(step, Step::Writable);
            if !more || self.queued() > 0 || self.below()?.is_closing() {
                return Some(step);
            }
            if transfer.sent() >= until {
                self.queue_turn();
                return Some(step);
            }
        }
    }

    fn take_active(&self) -> Option<Active> {
        self.busy.take(|busy| &mut busy.transfer)
    }

    fn put_active(&self, active: Active) {
        self.busy.with(|busy| busy.transfer = Some(active));
    }

    /// The kernel sends no file over TLS by itself.
    fn cancel_in_flight(&self) {}

    fn rearm(&self) {
        if !self.has(Flags::TRANSFER) || self.has(Flags::PARKED) {
            return;
        }
        self.put(Flags::PARKED, true);
        if let Some(below) = self.below() {
            below.pause_reading();
        }
        self.share_limits();
    }

    fn after_transfer(&self, failure: Option<io::Error>) {
        let parked = self.has(Flags::PARKED);
        self.put(Flags::PARKED, false);
        self.busy.tidy();
        if failure.is_some() {
            return self.end_in_order(failure);
        }
        if !parked || self.state() != State::Open {
            return;
        }
        self.share_limits();
        self.reflow();
        if !self.has(Flags::PAUSED) {
            // What came before the file was begun may be held.
            self.queue_turn();
        }
    }
}
