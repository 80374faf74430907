//! Interests and readiness in the words of the driver.

use loopline_core::backend::{Interest, Readiness};

use crate::sys::events::{ABORT, ACCEPT, CONNECT_FAIL, DISCONNECT, LOCAL_CLOSE, RECEIVE, SEND};

/// What a poll brings whatever it is for: the connection is gone, or never
/// was.
const HANG_UP: u32 = ABORT | CONNECT_FAIL;

const READABLE: u32 = RECEIVE | ACCEPT | DISCONNECT;

/// What a socket is polled for.
pub(crate) fn polled(want: Interest) -> u32 {
    let mut events = HANG_UP | LOCAL_CLOSE;
    if want.contains(Interest::READ) {
        events |= READABLE;
    }
    if want.contains(Interest::WRITE) {
        events |= SEND;
    }
    events
}

/// What the answer of a poll means. It does not say what was armed, so that a
/// hang-up is readiness for everything (B2). A failed attempt to connect is
/// one, and so ends writable (line C46).
pub(crate) fn readiness(events: u32) -> Readiness {
    if events & HANG_UP != 0 {
        return Readiness::all();
    }
    let mut ready = Readiness::empty();
    ready.set(Readiness::READ, events & READABLE != 0);
    ready.set(Readiness::WRITE, events & SEND != 0);
    ready
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hang_up_is_readiness_for_everything() {
        for events in [ABORT, CONNECT_FAIL, ABORT | RECEIVE] {
            assert_eq!(readiness(events), Readiness::all(), "{events:#x}");
        }
    }

    #[test]
    fn readiness_is_what_the_driver_says() {
        for events in [RECEIVE, ACCEPT, DISCONNECT] {
            assert_eq!(readiness(events), Readiness::READ, "{events:#x}");
        }
        assert_eq!(readiness(SEND), Readiness::WRITE);
        assert_eq!(readiness(SEND | DISCONNECT), Readiness::all());
        assert_eq!(readiness(LOCAL_CLOSE), Readiness::empty());
    }

    #[test]
    fn what_is_wanted_is_polled_for_and_the_end_always() {
        for want in [Interest::READ, Interest::WRITE, Interest::all()] {
            let events = polled(want);
            assert_eq!(events & (HANG_UP | LOCAL_CLOSE), HANG_UP | LOCAL_CLOSE);
            let answer = readiness(events & !HANG_UP);
            assert_eq!(answer, Readiness::from(want));
        }
    }
}
