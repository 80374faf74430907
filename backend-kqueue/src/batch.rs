//! One wait, and the buffer that it fills.

use std::io;
use std::time::Duration;

use loopline_core::backend::{Key, Readiness};
use polling::{Event, Events, Poller};

/// The events of the last wait, in buffers that are made once.
pub(crate) struct Batch {
    events: Events,
    /// The keys that have both directions in one event.
    both: Vec<usize>,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self {
            events: Events::new(),
            both: Vec::new(),
        }
    }

    /// Waits for events. An interruption goes on waiting for what is left.
    pub(crate) fn fill(&mut self, poller: &Poller, timeout: Option<Duration>) -> io::Result<()> {
        self.events.clear();
        poller.wait(&mut self.events, timeout).map(drop)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Calls `each` with what every key is ready for.
    #[inline]
    pub(crate) fn for_each(&mut self, each: impl FnMut(Key, Readiness)) {
        in_order(|| self.events.iter(), &mut self.both, each);
    }
}

/// Puts the events in an order in which each source is asked to read before it
/// is asked to write (line C11), and neither twice: a kqueue has an event for
/// each direction, in whatever order they came, and the one for reading may
/// stand for both.
fn in_order<I: Iterator<Item = Event>>(
    events: impl Fn() -> I,
    both: &mut Vec<usize>,
    mut each: impl FnMut(Key, Readiness),
) {
    both.clear();
    let mut only_to_write = false;
    for event in events() {
        if !event.readable {
            only_to_write |= event.writable;
            continue;
        }
        if event.writable {
            both.push(event.key);
        }
        each(key(event), readiness(event));
    }
    if !only_to_write {
        return;
    }
    both.sort_unstable();
    for event in events() {
        if event.writable && !event.readable && both.binary_search(&event.key).is_err() {
            each(key(event), Readiness::WRITE);
        }
    }
}

fn readiness(event: Event) -> Readiness {
    let mut ready = Readiness::empty();
    ready.set(Readiness::READ, event.readable);
    ready.set(Readiness::WRITE, event.writable);
    ready
}

fn key(event: Event) -> Key {
    Key::from_bits(event.key as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Readiness = Readiness::READ;
    const WRITE: Readiness = Readiness::WRITE;

    fn ordered(events: &[Event]) -> Vec<(u64, Readiness)> {
        let mut ordered = Vec::new();
        // What an earlier batch has left behind is nothing to this one.
        let mut both = vec![1, 2, 3];
        in_order(
            || events.iter().copied(),
            &mut both,
            |key, ready| ordered.push((key.to_bits(), ready)),
        );
        ordered
    }

    #[test]
    fn reading_comes_first_whatever_the_kernel_says_first() {
        let (read, write) = (Event::readable(1), Event::writable(1));
        assert_eq!(ordered(&[write, read]), [(1, READ), (1, WRITE)]);
        assert_eq!(ordered(&[read, write]), [(1, READ), (1, WRITE)]);
    }

    #[test]
    fn an_end_that_stands_for_both_is_not_followed_by_itself() {
        let (end, write) = (Event::all(1), Event::writable(1));
        let other = Event::writable(2);
        for events in [[end, write, other], [write, other, end]] {
            assert_eq!(ordered(&events), [(1, Readiness::all()), (2, WRITE)]);
        }
    }

    #[test]
    fn each_key_has_its_own_events() {
        let events = [
            Event::writable(5),
            Event::all(4),
            Event::readable(3),
            Event::writable(3),
            Event::all(2),
            Event::none(1),
        ];
        let all = Readiness::all();
        assert_eq!(
            ordered(&events),
            [(4, all), (3, READ), (2, all), (5, WRITE), (3, WRITE)]
        );
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(ordered(&[]), []);
    }
}
