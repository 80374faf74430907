//! How many connections are likely to wait at a listening socket.

use std::cell::Cell;

/// After how many connections in a row that came alone the next one is expected
/// to come alone as well.
const ENOUGH: u8 = 8;

/// How connections have come to a listening socket so far.
///
/// Only a call that finds nothing tells that no more of them wait, and on Linux
/// that call makes a descriptor and a file before it looks. Where connections
/// come one at a time it is left out; the listener is level-triggered, so that
/// a second one is merely accepted a turn later.
#[derive(Default)]
pub(super) struct Arrivals {
    /// How many in a row have come alone.
    alone: Cell<u8>,
    /// The turn of the last one.
    turn: Cell<u32>,
}

impl Arrivals {
    /// Whether to look for others behind the first one. The listener is ready,
    /// in a turn of this number.
    pub(super) fn expected(&self, turn: u32) -> bool {
        // It was ready all the time: the one before was not alone.
        if turn == self.turn.get().wrapping_add(1) {
            self.alone.set(0);
        }
        self.alone.get() < ENOUGH
    }

    /// So many connections were there in a turn.
    pub(super) fn note(&self, turn: u32, count: usize) {
        self.turn.set(turn);
        match count {
            0 => {}
            1 => self.alone.set(self.alone.get().saturating_add(1)),
            _ => self.alone.set(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Arrivals of which the last ones came alone, up to turn 100.
    fn lonely() -> Arrivals {
        let arrivals = Arrivals::default();
        for turn in 1..=u32::from(ENOUGH) {
            arrivals.note(turn * 2, 1);
        }
        arrivals.note(100, 1);
        arrivals
    }

    #[test]
    fn others_are_expected_at_first() {
        let arrivals = Arrivals::default();
        for turn in 1..u32::from(ENOUGH) {
            arrivals.note(turn * 2, 1);
            assert!(arrivals.expected(turn * 2 + 2));
        }
    }

    #[test]
    fn after_enough_that_came_alone_so_does_the_next() {
        let arrivals = lonely();
        assert!(!arrivals.expected(102));
        arrivals.note(102, 1);
        assert!(!arrivals.expected(104));
    }

    #[test]
    fn one_in_the_next_turn_has_waited() {
        assert!(lonely().expected(101));
    }

    #[test]
    fn a_wrapped_turn_is_the_next() {
        let arrivals = lonely();
        arrivals.note(u32::MAX, 1);
        assert!(arrivals.expected(0));
    }

    #[test]
    fn several_bring_the_expectation_back() {
        let arrivals = lonely();
        arrivals.note(102, 2);
        assert!(arrivals.expected(104));
    }

    #[test]
    fn a_failure_says_nothing() {
        let arrivals = lonely();
        arrivals.note(102, 0);
        assert!(!arrivals.expected(104));
    }
}
