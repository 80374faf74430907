//! A connection in the hands of a test.

use std::fmt;
use std::rc::Rc;

use loopline_core::Address;

use super::connection::{Line, Side};
use super::link::Link;
use super::pipe::Fault;

/// A connection of a simulation, to be disturbed.
///
/// Holding one keeps nothing open.
#[derive(Clone)]
pub struct SimConnection(Rc<Line>);

impl SimConnection {
    pub(super) fn new(line: Rc<Line>) -> Self {
        Self(line)
    }

    /// The address of one end.
    #[must_use]
    pub fn name(&self, side: Side) -> Address {
        self.0.name(side).clone()
    }

    /// Whether one end is there: neither closed nor reset.
    #[must_use]
    pub fn is_open(&self, side: Side) -> bool {
        self.0.is_open(side)
    }

    /// How many bytes one end has sent since the beginning.
    #[must_use]
    pub fn sent(&self, side: Side) -> u64 {
        self.0.counts(side).0
    }

    /// How many bytes one end has read since the beginning.
    #[must_use]
    pub fn read(&self, side: Side) -> u64 {
        self.0.counts(side).1
    }

    /// Resets both ends, now; what is under way is lost.
    pub fn reset(&self) {
        self.0.break_off();
    }

    /// Nothing arrives any more at either end, until [`resume`](Self::resume):
    /// the cable is out. Nothing is lost.
    pub fn hold(&self) {
        self.0.stop(true);
    }

    /// What is due arrives again, at once.
    pub fn resume(&self) {
        self.0.stop(false);
    }

    /// Has a fault meet what `from` sends, behind its first `offset` bytes; at
    /// once if more were sent already. What is sent behind it is lost.
    pub fn fault(&self, from: Side, offset: u64, fault: Fault) {
        self.0.add_fault(from, offset, fault);
    }

    /// No read goes across these offsets of what `from` sends: a parser meets
    /// its input cut there.
    pub fn cut(&self, from: Side, offsets: impl IntoIterator<Item = u64>) {
        for offset in offsets {
            self.0.add_cut(from, offset);
        }
    }

    /// Makes the connection another one, for what is sent from now on.
    pub fn set_link(&self, link: Link) {
        self.0.set_link(link);
    }
}

impl fmt::Debug for SimConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimConnection")
            .field("client", self.0.name(Side::Client))
            .field("server", self.0.name(Side::Server))
            .finish_non_exhaustive()
    }
}
