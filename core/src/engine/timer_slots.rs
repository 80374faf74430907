//! Where the callbacks of timers lie.

use crate::event_loop::Callback;

/// The name of a timer; never used again for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimerId {
    serial: u64,
    slot: u32,
}

impl TimerId {
    pub(super) fn slot(self) -> u32 {
        self.slot
    }
}

struct Slot {
    serial: u64,
    /// The number of its timer's deadline.
    number: u32,
    /// None if the slot is free.
    callback: Option<Callback>,
}

/// The callbacks of timers that have neither run nor been cancelled.
#[derive(Default)]
pub(super) struct TimerSlots {
    slots: Vec<Slot>,
    free: Vec<u32>,
    serial: u64,
}

impl TimerSlots {
    /// Gives a slot to a callback whose deadline has a number.
    ///
    /// # Panics
    ///
    /// At 2^32 timers, which take more than 200 GB.
    pub(super) fn insert(&mut self, number: u32, callback: Callback) -> TimerId {
        self.serial += 1;
        let serial = self.serial;
        let new = Slot {
            serial,
            number,
            callback: Some(callback),
        };
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = new;
            return TimerId { serial, slot };
        }
        let Ok(slot) = u32::try_from(self.slots.len()) else {
            panic!("a loop cannot have more than 2^32 timers");
        };
        self.slots.push(new);
        TimerId { serial, slot }
    }

    /// Takes the callback of a timer that has neither run nor been cancelled.
    pub(super) fn cancel(&mut self, id: TimerId) -> Option<Callback> {
        let slot = self.slots.get_mut(id.slot as usize)?;
        if slot.serial != id.serial {
            return None;
        }
        let callback = slot.callback.take()?;
        self.free.push(id.slot);
        Some(callback)
    }

    /// Whether a slot is still that of the deadline of a number.
    pub(super) fn holds(&self, slot: u32, number: u32) -> bool {
        let slot = &self.slots[slot as usize];
        slot.number == number && slot.callback.is_some()
    }

    /// Takes the callback of a deadline, unless it was cancelled.
    pub(super) fn take(&mut self, slot: u32, number: u32) -> Option<Callback> {
        if !self.holds(slot, number) {
            return None;
        }
        self.free.push(slot);
        self.slots[slot as usize].callback.take()
    }

    /// Another number for the deadline that a slot is held for.
    pub(super) fn renumber(&mut self, slot: u32, number: u32) {
        self.slots[slot as usize].number = number;
    }
}
