//! Which descriptor belongs to which slot.

use std::collections::HashMap;
use std::io;
use std::rc::Rc;

use super::slots::{Change, Slot};
use super::user_watch::UserWatch;
use super::{Engine, Role, Todo, Watched};
use crate::backend::{Interest, Key, Source};
use crate::event_loop::WatchError;

/// Slots by the number of their descriptor, and what a user watches those for that
/// are not the loop's own: most are, so that is kept apart.
#[derive(Default)]
pub(super) struct Descriptors {
    keys: HashMap<u64, Key>,
    users: HashMap<u64, Rc<UserWatch>>,
}

/// What was known of one descriptor.
pub(super) struct Held {
    key: Key,
    /// For the caller to drop.
    _user: Option<Rc<UserWatch>>,
}

impl Descriptors {
    pub(super) fn insert(&mut self, source: Source<'_>, key: Key) -> Option<Held> {
        let number = source.number();
        let key = self.keys.insert(number, key)?;
        Some(self.held(number, key))
    }

    pub(super) fn insert_user(&mut self, source: Source<'_>, key: Key, user: Rc<UserWatch>) {
        self.keys.insert(source.number(), key);
        self.users.insert(source.number(), user);
    }

    pub(super) fn user(&self, source: Source<'_>) -> Option<(Key, Rc<UserWatch>)> {
        let user = self.users.get(&source.number())?;
        Some((*self.keys.get(&source.number())?, Rc::clone(user)))
    }

    /// What is forgotten with a key that was taken out.
    fn held(&mut self, number: u64, key: Key) -> Held {
        let user = match self.users.is_empty() {
            true => None,
            false => self.users.remove(&number),
        };
        Held { key, _user: user }
    }

    /// Forgets a number, if it is still that slot's.
    fn remove(&mut self, number: u64, key: Key) -> Option<Held> {
        if self.keys.get(&number) != Some(&key) {
            return None;
        }
        self.keys.remove(&number);
        Some(self.held(number, key))
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Engine {
    /// Gives a slot to an owner without a descriptor, for what is queued by
    /// key.
    pub(crate) fn enlist(&self, owner: Rc<dyn Watched>) -> Key {
        self.slots.borrow_mut().insert(owner)
    }

    /// Takes a slot from an owner without a descriptor.
    pub(crate) fn delist(&self, key: Key) {
        let slot = self.slots.borrow_mut().remove(key, self.turn.get());
        drop(slot);
    }

    /// Gives a descriptor that the loop has opened, or was given, to an owner.
    /// What a user had watched under the same number is forgotten: either that
    /// descriptor was closed (line C27), or it is this one, and the kernel
    /// would go on reporting it for nobody.
    pub(crate) fn adopt(&self, source: Source<'_>, owner: Rc<dyn Watched>) -> Key {
        let key = self.slots.borrow_mut().insert(owner);
        let stale = self.descriptors.borrow_mut().insert(source, key);
        if let Some(stale) = stale {
            let slot = self.take_stale(stale.key);
            let _ = self.with_backend(|backend| backend.unwatch(source, stale.key));
            drop((slot, stale));
        }
        key
    }

    fn take_stale(&self, key: Key) -> Option<Slot> {
        let mut slots = self.slots.borrow_mut();
        let owner = slots.named(key)?.owner.as_ref()?;
        if owner.outlives_descriptor() {
            return None;
        }
        slots.remove(key, self.turn.get())
    }

    /// Takes a slot from its owner, whose descriptor is gone or not watched.
    pub(super) fn release(&self, number: u64, key: Key) {
        let slot = self.slots.borrow_mut().remove(key, self.turn.get());
        let held = self.descriptors.borrow_mut().remove(number, key);
        drop((slot, held));
    }

    /// Takes a descriptor from its owner; nothing comes for its key any more.
    pub(crate) fn disown(&self, source: Source<'_>, key: Key) {
        let slot = self.slots.borrow_mut().remove(key, self.turn.get());
        let held = self.descriptors.borrow_mut().remove(source.number(), key);
        if let Some(slot) = slot {
            if !slot.armed.is_empty() {
                // The descriptor is about to be closed, which ends the watch
                // whatever the backend answers.
                let _ = self.with_backend(|backend| backend.unwatch(source, key));
            }
            drop(slot);
        }
        drop(held);
    }

    /// In which role a descriptor is used, if it is.
    pub(crate) fn role(&self, source: Source<'_>) -> Option<Role> {
        let key = *self.descriptors.borrow().keys.get(&source.number())?;
        let mut slots = self.slots.borrow_mut();
        Some(slots.named(key)?.owner.as_ref()?.role())
    }

    /// Watches a descriptor for its owner at once, who wants that.
    pub(crate) fn watch_now(
        &self,
        source: Source<'_>,
        key: Key,
        want: Interest,
    ) -> Result<(), WatchError> {
        let watched = self.with_backend(|backend| backend.watch(source, key, want));
        if let Some(Err(error)) = watched {
            return Err(WatchError::of(source, error));
        }
        self.note_armed(key, want);
        Ok(())
    }

    /// Sets what the owner of a slot wants; the backend hears of it before the
    /// next wait.
    pub(crate) fn want(&self, key: Key, want: Interest) {
        let mut slots = self.slots.borrow_mut();
        let Some(slot) = slots.named(key) else {
            return;
        };
        slot.want = want;
        if want != slot.armed && !slot.dirty {
            slot.dirty = true;
            self.dirty.borrow_mut().push(key);
            self.note(Todo::ARM);
        }
    }

    /// Tells the backend of every interest that has changed.
    pub(super) fn arm(&self) {
        loop {
            let Some(key) = self.dirty.borrow_mut().pop() else {
                return self.done_with(Todo::ARM);
            };
            let Some((owner, change)) = self.take_dirty(key) else {
                continue;
            };
            match owner.arm(change) {
                Ok(()) => {
                    if let Some(slot) = self.slots.borrow_mut().named(key) {
                        slot.armed = change.want;
                    }
                }
                Err(error) => owner.refused(error),
            }
        }
    }

    fn take_dirty(&self, key: Key) -> Option<(Rc<dyn Watched>, Change)> {
        let mut slots = self.slots.borrow_mut();
        let slot = slots.named(key)?;
        slot.dirty = false;
        if slot.want == slot.armed {
            return None;
        }
        let change = Change {
            key,
            want: slot.want,
            armed: slot.armed,
        };
        Some((Rc::clone(slot.owner.as_ref()?), change))
    }

    /// Tells the backend that another interest is wanted of a descriptor.
    pub(crate) fn change(&self, source: Source<'_>, change: Change) -> io::Result<()> {
        let Change { key, want, armed } = change;
        self.with_backend(|backend| match (armed.is_empty(), want.is_empty()) {
            (true, _) => backend.watch(source, key, want),
            (false, true) => backend.unwatch(source, key),
            (false, false) => backend.rewatch(source, key, want).map(drop),
        })
        .unwrap_or(Ok(()))
    }
}
