//! Flow control: two bits, what the queue asks for and what the protocol was
//! told.

use std::cell::{Cell, RefCell};

use bitflags::bitflags;

use super::{LimitsError, RcCell, WriteBufferLimits};
use crate::engine::Engine;
use crate::protocol::Protocol;

/// asyncio's default high-water mark, in bytes (line D45).
const HIGH: usize = 64 * 1024;

bitflags! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Bits: u8 {
        /// The queue went above the high-water mark and not yet down to the
        /// low-water mark.
        const FULL = 1;
        /// The protocol was told to pause.
        const TOLD = 1 << 1;
        /// The protocol is owed a call; the engine knows.
        const OWED = 1 << 2;
    }
}

/// A mark in four bytes: one that does not fit is never reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark(u32);

impl Mark {
    fn of(bytes: usize) -> Self {
        Self(u32::try_from(bytes).unwrap_or(u32::MAX))
    }

    #[inline]
    fn bytes(self) -> usize {
        match self.0 {
            u32::MAX => usize::MAX,
            bytes => bytes as usize,
        }
    }
}

/// The flow control of one connection.
#[derive(Debug)]
pub(crate) struct FlowControl {
    high: Cell<Mark>,
    low: Cell<Mark>,
    bits: Cell<Bits>,
}

impl FlowControl {
    pub(crate) fn new() -> Self {
        Self::with_high(HIGH)
    }

    /// With another high-water mark, and a quarter of it as the low one.
    pub(crate) fn with_high(high: usize) -> Self {
        Self {
            high: Cell::new(Mark::of(high)),
            low: Cell::new(Mark::of(high / 4)),
            bits: Cell::new(Bits::empty()),
        }
    }

    fn has(&self, bit: Bits) -> bool {
        self.bits.get().contains(bit)
    }

    fn put(&self, bit: Bits, on: bool) {
        let mut bits = self.bits.get();
        bits.set(bit, on);
        self.bits.set(bits);
    }

    /// Whether the queue is above its mark.
    pub(crate) fn is_full(&self) -> bool {
        self.has(Bits::FULL)
    }

    /// Takes over from a connection whose protocol was told to pause, or was
    /// not (line B24).
    pub(crate) fn take_over(&self, told: bool) {
        self.put(Bits::FULL | Bits::TOLD, told);
    }

    /// Whether the protocol was told to pause.
    pub(crate) fn is_told(&self) -> bool {
        self.has(Bits::TOLD)
    }

    /// Judges a queue of so many bytes by the marks; `may_resume` is false
    /// while nothing could be written anyway. True if the protocol has to be
    /// told and nobody is at it: then [`settle`](Self::settle) is due.
    pub(crate) fn judge(&self, queued: usize, may_resume: bool) -> bool {
        if self.has(Bits::FULL) {
            if queued <= self.low.get().bytes() && may_resume {
                self.put(Bits::FULL, false);
            }
        } else if queued > self.high.get().bytes() {
            self.put(Bits::FULL, true);
        }
        self.has(Bits::FULL) != self.has(Bits::TOLD) && !self.has(Bits::OWED)
    }

    /// The connection is ending: nobody is told anything any more.
    pub(crate) fn stop(&self) {
        self.put(Bits::FULL, self.has(Bits::TOLD));
    }

    /// Tells the protocol what it is owed; false if it is busy. Then the
    /// connection stays marked, and the engine has to ask again.
    pub(crate) fn settle(&self, protocol: &RcCell<RefCell<dyn Protocol>>, engine: &Engine) -> bool {
        self.put(Bits::OWED, true);
        let telling = Telling(self);
        loop {
            let full = self.has(Bits::FULL);
            if full == self.has(Bits::TOLD) {
                return true;
            }
            let Some(protocol) = protocol.get() else {
                return true;
            };
            let Ok(mut protocol) = protocol.try_borrow_mut() else {
                std::mem::forget(telling);
                return false;
            };
            self.put(Bits::TOLD, full);
            let (outcome, message) = if full {
                (protocol.pause_writing(), "pause_writing failed")
            } else {
                (protocol.resume_writing(), "resume_writing failed")
            };
            drop(protocol);
            if let Err(error) = outcome {
                engine.report_error(message, &*error);
            }
        }
    }

    /// Sets the marks (line D45).
    pub(crate) fn set_limits(
        &self,
        high: Option<usize>,
        low: Option<usize>,
    ) -> Result<(), LimitsError> {
        let high = high.unwrap_or_else(|| low.map_or(HIGH, |low| low.saturating_mul(4)));
        let low = low.unwrap_or(high / 4);
        if low > high {
            return Err(LimitsError { high, low });
        }
        self.high.set(Mark::of(high));
        self.low.set(Mark::of(low));
        Ok(())
    }

    pub(crate) fn limits(&self) -> WriteBufferLimits {
        WriteBufferLimits {
            low: self.low.get().bytes(),
            high: self.high.get().bytes(),
        }
    }
}

/// Takes the mark off when the protocol was told, also if it panics: then the
/// next change of the queue tells it again.
struct Telling<'a>(&'a FlowControl);

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        self.0.put(Bits::OWED, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_kept_or_never_reached() {
        let most = u32::MAX as usize;
        for (set, kept) in [
            (0, 0),
            (HIGH, HIGH),
            (most - 1, most - 1),
            (most, usize::MAX),
            (usize::MAX, usize::MAX),
        ] {
            assert_eq!(Mark::of(set).bytes(), kept);
        }
    }

    #[test]
    fn a_protocol_that_somebody_is_at_is_told_by_them() {
        let flow = FlowControl::new();
        assert!(flow.judge(HIGH + 1, true));
        flow.put(Bits::OWED, true);
        assert!(!flow.judge(HIGH + 2, true), "it is owed already");
        flow.put(Bits::OWED, false);
        flow.put(Bits::TOLD, true);
        assert!(!flow.judge(HIGH + 3, true), "it was told");
        assert!(!flow.judge(HIGH / 4 + 1, true), "above the low mark");
        assert!(!flow.judge(HIGH / 4, false), "nothing could be written");
        assert!(flow.judge(HIGH / 4, true));
    }
}
