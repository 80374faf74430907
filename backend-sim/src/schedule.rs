//! What will happen, and when.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::time::Duration;

use crate::world::World;

pub(crate) type Action = Box<dyn FnOnce(&Rc<World>)>;

struct Entry {
    time: Duration,
    /// Grows, so that what is due at one time keeps its order.
    serial: u64,
    action: Action,
}

impl Entry {
    fn order(&self) -> (Duration, u64) {
        (self.time, self.serial)
    }
}

impl Ord for Entry {
    /// The earliest is the greatest, which is what the heap gives first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.order().cmp(&self.order())
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Entry {}

/// What will happen, in the order of its times.
#[derive(Default)]
pub(crate) struct Schedule {
    entries: BinaryHeap<Entry>,
    serial: u64,
}

impl Schedule {
    pub(crate) fn add(&mut self, time: Duration, action: Action) {
        self.serial += 1;
        self.entries.push(Entry {
            time,
            serial: self.serial,
            action,
        });
    }

    pub(crate) fn next(&self) -> Option<Duration> {
        self.entries.peek().map(|entry| entry.time)
    }

    pub(crate) fn take_due(&mut self, now: Duration) -> Option<Action> {
        if self.next()? > now {
            return None;
        }
        self.entries.pop().map(|entry| entry.action)
    }
}
