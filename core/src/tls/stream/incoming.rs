//! What comes from the peer.

use super::{Flags, State, TlsStream};
use crate::engine::Errand;
use crate::tls::{Progress, TlsError, TlsErrorKind, UNCONSUMED_LIMIT};

/// The header of a record: type, version, length (RFC 8446, section 5.1).
const HEADER: usize = 5;

/// What one call of the coder appends to.
struct Scratch {
    plain: Vec<u8>,
    wire: Vec<u8>,
}

/// How many bytes complete the record that `bytes` end within, or its header;
/// 0 if they end where a record does.
fn missing(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((header, after)) = rest.split_at_checked(HEADER) {
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        match after.get(length..) {
            Some(next) => rest = next,
            None => return length - after.len(),
        }
    }
    if rest.is_empty() {
        0
    } else {
        HEADER - rest.len()
    }
}

impl TlsStream {
    /// Bytes of the peer, which may be overwritten.
    pub(super) fn wire_received(&self, mut data: &mut [u8]) {
        if matches!(self.state(), State::Ending | State::Lost | State::Stopped) {
            return self.discard(data.len());
        }
        let mut scratch = Scratch {
            plain: self.engine.take_plain(),
            wire: self.engine.take_wire(),
        };
        let mut pending = self.busy.take_pending();
        let mut result = Ok(());
        if !pending.is_empty() {
            // The record that was cut is completed; what follows it is decoded
            // where it lies.
            while let Some(count) = Some(missing(&pending).min(data.len())).filter(|&n| n > 0) {
                let (head, tail) = data.split_at_mut(count);
                pending.extend_from_slice(head);
                data = tail;
            }
            result = self.decode_pending(&mut pending, &mut scratch);
            if result.is_ok() && !pending.is_empty() {
                pending.extend_from_slice(data);
                data = &mut [];
                result = self.decode_pending(&mut pending, &mut scratch);
            }
        }
        if result.is_ok() && !data.is_empty() {
            result = self.decode(data, &mut scratch).map(|consumed| {
                pending.extend_from_slice(&data[consumed..]);
            });
        }
        if result.is_ok() && pending.len() > UNCONSUMED_LIMIT && self.has_stalled() {
            result = Err(TlsErrorKind::TooMuchInput.into());
        }
        self.busy.put_pending(pending);
        self.digest(scratch, result);
    }

    /// Whether what is pending waits for the peer, not for this side.
    fn has_stalled(&self) -> bool {
        let heard_all = self.has(Flags::PEER_CLOSED);
        self.state() == State::Handshaking || (self.has(Flags::STARTED) && !heard_all)
    }

    fn decode_pending(&self, pending: &mut Vec<u8>, scratch: &mut Scratch) -> Result<(), TlsError> {
        let consumed = self.decode(pending, scratch)?;
        if consumed == pending.len() {
            // An idle connection keeps no buffer.
            *pending = Vec::new();
        } else {
            pending.drain(..consumed);
        }
        Ok(())
    }

    /// Gives the coder what it takes, up to the end of the handshake or of the
    /// stream; says how much that was.
    fn decode(&self, input: &mut [u8], scratch: &mut Scratch) -> Result<usize, TlsError> {
        let mut consumed = 0;
        loop {
            let waiting = self.state() == State::Open && !self.has(Flags::STARTED);
            if consumed == input.len() || waiting || self.has(Flags::PEER_CLOSED) {
                return Ok(consumed);
            }
            let rest = &mut input[consumed..];
            let received =
                self.code(|coder| coder.receive(rest, &mut scratch.plain, &mut scratch.wire))?;
            consumed += received.consumed;
            match received.progress {
                Progress::Handshaking => {}
                Progress::Open => {
                    self.enter(State::Open);
                }
                Progress::PeerClosed => {
                    self.enter(State::Open);
                    self.put(Flags::PEER_CLOSED, true);
                }
            }
            if received.consumed == 0 {
                return Ok(consumed);
            }
        }
    }

    /// Sends what the coder had to say, delivers what it decoded, and acts on
    /// where the connection stands now.
    fn digest(&self, mut scratch: Scratch, result: Result<(), TlsError>) {
        let spoke = !scratch.wire.is_empty();
        self.send_wire(&mut scratch.wire);
        self.engine.return_wire(scratch.wire);
        let delivered = self.deliver(scratch.plain);
        match (delivered, result) {
            (false, _) => {}
            (true, Err(error)) => {
                self.deliver_rest();
                self.failed(error, spoke);
            }
            (true, Ok(())) => self.progressed(),
        }
        if spoke || self.flow.is_full() {
            self.reflow();
        }
    }

    pub(super) fn progressed(&self) {
        if self.state() == State::Open && !self.has(Flags::STARTED) {
            self.handshake_done();
        } else if self.has(Flags::PEER_CLOSED) {
            // The end comes behind data, and is told once.
            let told = self.state() == State::Open && self.has(Flags::EOF_TOLD);
            if !told && !self.withholds() && !self.busy.has_unread() {
                self.peer_closed();
            }
        }
    }

    /// The user pauses: the transport below is paused, so that nothing is
    /// decoded that he does not want yet.
    pub(super) fn pause(&self) {
        self.put(Flags::PAUSED, true);
        // The peer's close_notify is waited for: data that comes before it is
        // what waits then.
        if self.has(Flags::STARTED) && self.state() != State::Stopping {
            if let Some(below) = self.below() {
                below.pause_reading();
            }
        }
    }

    pub(super) fn resume(&self) {
        self.put(Flags::PAUSED, false);
        if self.has(Flags::STARTED) && !self.has(Flags::TRANSFER) {
            self.queue_turn();
        }
    }

    /// What is pending is decoded, and reading goes on, in a later turn
    /// (line B60).
    pub(super) fn queue_turn(&self) {
        if self.has(Flags::QUEUED) {
            return;
        }
        if let Some(layer) = self.this.upgrade() {
            self.put(Flags::QUEUED, true);
            self.engine.push(Errand::LayerLater(layer));
        }
    }

    /// The turn has come that was queued.
    pub(crate) fn go_on(&self) {
        self.put(Flags::QUEUED, false);
        self.put(Flags::STARTED, true);
        if self.has(Flags::TRANSFER) {
            return self.send_more();
        }
        if self.withholds() || !self.deliver_unread() || self.withholds() {
            return;
        }
        // What comes behind the peer's close_notify is not for the coder.
        if let Some(below) = self.below().filter(|_| !self.has(Flags::PEER_CLOSED)) {
            below.resume_reading();
        }
        self.wire_received(&mut []);
    }

    /// Whether what the peer has sent waits, because the user has paused
    /// (line B75) or a file is being sent (line A53).
    pub(super) fn withholds(&self) -> bool {
        match self.state() {
            State::Open => self.has(Flags::PAUSED | Flags::TRANSFER),
            State::Stopping => self.has(Flags::PAUSED) && self.busy.has_unread(),
            _ => false,
        }
    }
}
