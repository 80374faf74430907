//! `add_reader` and `add_writer`.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use super::watcher::{State, Watcher};
use super::{Engine, Role, Watched};
use crate::backend::{Interest, Key, Readiness, Rewatched, Source};
use crate::event_loop::{LoopClosed, WatchCallback, WatchError};

/// What a user watches one descriptor for. The descriptor is his and there
/// during his calls only, so the backend is told then, and not by `arm`.
pub(super) struct UserWatch {
    reader: Watcher,
    writer: Watcher,
    /// The first generation that was current in the turn in which the key was
    /// last renewed, and that turn: the batch still carries the older keys.
    renewed: Cell<(u32, u32)>,
}

/// What was set for the two directions.
type States = (State, State);

impl UserWatch {
    fn take(&self) -> States {
        (
            self.reader.replace(State::Free),
            self.writer.replace(State::Free),
        )
    }

    #[inline(never)]
    fn write_ready(&self, engine: &Engine) {
        // Of the other direction's callback.
        engine.settle();
        self.writer.call(engine);
    }

    fn side(&self, direction: Interest) -> &Watcher {
        if direction == Interest::READ {
            &self.reader
        } else {
            &self.writer
        }
    }
}

impl Watched for UserWatch {
    fn role(&self) -> Role {
        Role::User
    }

    fn ready(&self, engine: &Engine, ready: Readiness) {
        if ready.contains(Readiness::READ) {
            self.reader.call(engine);
        }
        if ready.contains(Readiness::WRITE) {
            self.write_ready(engine);
        }
    }

    fn refused(&self, _: io::Error) {}

    fn abandon(&self) {
        drop(self.take());
    }

    fn accepts(&self, key: Key, turn: u32) -> bool {
        let (first, renewed) = self.renewed.get();
        renewed == turn && key.generation().wrapping_sub(first) < u32::MAX / 2
    }

    fn watched(&self) -> Interest {
        let mut watched = Interest::empty();
        watched.set(Interest::READ, !self.reader.is_free());
        watched.set(Interest::WRITE, !self.writer.is_free());
        watched
    }
}

impl Engine {
    /// Sets the callback of one direction, and tells the kernel whatever was
    /// there before.
    pub(crate) fn add_watch(
        self: &Rc<Self>,
        source: Source<'_>,
        direction: Interest,
        callback: WatchCallback,
    ) -> Result<(), WatchError> {
        if self.is_closed() {
            return Err(LoopClosed.into());
        }
        let mut stale = States::default();
        let watch = match self.user_watch(source)? {
            Some((key, watch)) => {
                stale = self.extend_watch(source, direction, key, &watch)?;
                watch
            }
            None => self.begin_watch(source, direction)?,
        };
        let replaced = watch.side(direction).replace(State::Set {
            callback,
            since: self.turn.get(),
        });
        drop((replaced, stale));
        Ok(())
    }

    /// Checks that one direction of a descriptor is watched by nobody, and that
    /// the loop does not use it itself.
    pub(crate) fn check_direction(
        &self,
        source: Source<'_>,
        direction: Interest,
    ) -> Result<(), WatchError> {
        if self.is_closed() {
            return Err(LoopClosed.into());
        }
        match self.user_watch(source)? {
            Some((_, watch)) if watch.watched().intersects(direction) => Err(WatchError::Owned {
                number: source.number(),
                owner: Role::User.name(),
            }),
            _ => Ok(()),
        }
    }

    /// The user's watch of a descriptor.
    fn user_watch(&self, source: Source<'_>) -> Result<Option<(Key, Rc<UserWatch>)>, WatchError> {
        match self.role(source) {
            None => Ok(None),
            Some(Role::User) => Ok(self.descriptors.borrow().user(source)),
            Some(role) => Err(WatchError::Owned {
                number: source.number(),
                owner: role.name(),
            }),
        }
    }

    fn begin_watch(
        self: &Rc<Self>,
        source: Source<'_>,
        direction: Interest,
    ) -> Result<Rc<UserWatch>, WatchError> {
        let watch = Rc::new(UserWatch {
            reader: Watcher::default(),
            writer: Watcher::default(),
            renewed: Cell::new((0, self.turn.get().wrapping_sub(1))),
        });
        let owner = Rc::clone(&watch) as Rc<dyn Watched>;
        let key = self.slots.borrow_mut().insert(owner);
        let watched = self.with_backend(|backend| backend.watch(source, key, direction));
        if let Some(Err(error)) = watched {
            let slot = self.slots.borrow_mut().remove(key, self.turn.get());
            drop(slot);
            return Err(WatchError::of(source, error));
        }
        let user = Rc::clone(&watch);
        self.descriptors.borrow_mut().insert_user(source, key, user);
        self.note_armed(key, direction);
        Ok(watch)
    }

    /// Adds a direction. Returns the callbacks that turn out to be those of a
    /// descriptor that was closed; the caller drops them when all is done.
    fn extend_watch(
        &self,
        source: Source<'_>,
        direction: Interest,
        key: Key,
        watch: &Rc<UserWatch>,
    ) -> Result<States, WatchError> {
        // A new key each time: should the number name another descriptor by
        // now, then nothing that the kernel still holds for the old one can
        // pass for an event of the new one (lines C28, C31).
        let renewed = Key::new(key.slot(), key.generation().wrapping_add(1));
        let want = watch.watched() | direction;
        match self.rewatch(source, renewed, want) {
            Ok(Rewatched::Changed) => {
                self.renew_watch(source, key, want, watch);
                Ok(States::default())
            }
            Ok(Rewatched::Anew) => {
                self.renew_watch(source, key, want, watch);
                let stale = watch.take();
                if want != direction {
                    if let Err(error) = self.rewatch(source, renewed, direction) {
                        self.disown(source, renewed);
                        return Err(WatchError::of(source, error));
                    }
                    self.note_armed(renewed, direction);
                }
                Ok(stale)
            }
            Err(error) => {
                let refused = WatchError::of(source, error);
                if matches!(refused, WatchError::Unsupported { .. }) {
                    // What was watched was of another kind, and was closed.
                    self.disown(source, key);
                }
                Err(refused)
            }
        }
    }

    /// Gives a watch its next key.
    fn renew_watch(&self, source: Source<'_>, key: Key, armed: Interest, watch: &Rc<UserWatch>) {
        let turn = self.turn.get();
        let Some(renewed) = self.slots.borrow_mut().renew(key, turn) else {
            return;
        };
        let user = Rc::clone(watch);
        self.descriptors
            .borrow_mut()
            .insert_user(source, renewed, user);
        if watch.renewed.get().1 != turn {
            watch.renewed.set((key.generation(), turn));
        }
        self.note_armed(renewed, armed);
    }

    fn rewatch(&self, source: Source<'_>, key: Key, want: Interest) -> io::Result<Rewatched> {
        self.with_backend(|backend| backend.rewatch(source, key, want))
            .unwrap_or(Ok(Rewatched::Changed))
    }

    /// Ends one direction; the last one frees the slot.
    pub(crate) fn remove_watch(
        &self,
        source: Source<'_>,
        direction: Interest,
    ) -> Result<bool, WatchError> {
        let Some((key, watch)) = self.user_watch(source)? else {
            return Ok(false);
        };
        let removed = watch.side(direction).replace(State::Free);
        if removed.is_free() {
            return Ok(false);
        }
        let left = watch.watched();
        if left.is_empty() {
            self.disown(source, key);
        } else {
            match self.rewatch(source, key, left) {
                Ok(Rewatched::Changed) => self.note_armed(key, left),
                // The other direction was that of a descriptor that was closed
                // as well: the new one has nothing to do with it.
                Ok(Rewatched::Anew) | Err(_) => {
                    let stale = watch.take();
                    self.disown(source, key);
                    drop(stale);
                }
            }
        }
        drop(removed);
        Ok(true)
    }

    /// What the backend knows a slot to be armed for.
    pub(super) fn armed(&self, key: Key) -> Interest {
        let mut slots = self.slots.borrow_mut();
        slots
            .named(key)
            .map_or(Interest::empty(), |slot| slot.armed)
    }

    pub(super) fn note_armed(&self, key: Key, armed: Interest) {
        if let Some(slot) = self.slots.borrow_mut().named(key) {
            slot.armed = armed;
            slot.want = armed;
        }
    }
}
