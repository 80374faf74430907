//! A watched descriptor, as the loop knows it.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::{Rc, Weak};

use super::side::Side;
use crate::backend::{AsSource, Interest, Key, Readiness};
use crate::engine::{self, Change, Engine, Role};
use crate::event_loop::{LoopClosed, WatchError};

/// A watched descriptor, which its user owns.
pub(super) struct State<T> {
    engine: Rc<Engine>,
    key: Cell<Key>,
    source: Weak<RefCell<T>>,
    reading: Side,
    writing: Side,
    want: Cell<Interest>,
    /// What the backend has answered.
    refusal: Cell<Option<io::Error>>,
}

/// A watch, which ends when this is dropped.
pub(super) struct Watch<T: AsSource + 'static>(Rc<State<T>>);

impl<T: AsSource + 'static> Watch<T> {
    /// Takes a descriptor for the loop, if it can be had and watched.
    pub(super) fn begin(engine: &Rc<Engine>, source: &Rc<RefCell<T>>) -> Result<Self, WatchError> {
        if engine.is_closed() {
            return Err(LoopClosed.into());
        }
        let borrowed = source.borrow();
        let descriptor = borrowed.as_source();
        if let Some(role) = engine.role(descriptor) {
            return Err(WatchError::Owned {
                number: descriptor.number(),
                owner: role.name(),
            });
        }
        let state = Rc::new(State {
            engine: Rc::clone(engine),
            key: Cell::new(Key::RESERVED),
            source: Rc::downgrade(source),
            reading: Side::default(),
            writing: Side::default(),
            want: Cell::new(Interest::READ),
            refusal: Cell::new(None),
        });
        let owner = Rc::clone(&state) as Rc<dyn engine::Watched>;
        state.key.set(engine.adopt(descriptor, owner));
        let watch = Self(state);
        // Whether its kind can be watched shows at once; the first event that
        // nobody waits for ends this again.
        engine.watch_now(descriptor, watch.0.key.get(), Interest::READ)?;
        Ok(watch)
    }

    pub(super) fn state(&self) -> &State<T> {
        &self.0
    }
}

impl<T: AsSource + 'static> Drop for Watch<T> {
    fn drop(&mut self) {
        let Self(state) = self;
        if let Some(source) = state.source.upgrade() {
            let source = source.borrow();
            state.engine.disown(source.as_source(), state.key.get());
        }
    }
}

impl<T> State<T> {
    pub(super) fn side(&self, direction: Interest) -> &Side {
        if direction == Interest::READ {
            &self.reading
        } else {
            &self.writing
        }
    }

    /// Somebody waits for a direction.
    pub(super) fn want(&self, direction: Interest) {
        self.set_want(self.want.get() | direction);
    }

    fn set_want(&self, want: Interest) {
        if self.want.replace(want) != want {
            self.engine.want(self.key.get(), want);
        }
    }

    /// Why waiting is of no use, or was not until now.
    pub(super) fn failure(&self) -> Option<io::Error> {
        if self.engine.is_closed() {
            return Some(io::ErrorKind::NotConnected.into());
        }
        self.refusal.take()
    }

    fn wake(&self) {
        self.reading.wake();
        self.writing.wake();
    }
}

impl<T: AsSource + 'static> engine::Watched for State<T> {
    fn role(&self) -> Role {
        Role::Descriptor
    }

    fn arm(&self, change: Change) -> io::Result<()> {
        match self.source.upgrade() {
            Some(source) => self.engine.change(source.borrow().as_source(), change),
            None => Ok(()),
        }
    }

    fn ready(&self, _: &Engine, ready: Readiness) {
        for direction in [Interest::READ, Interest::WRITE] {
            if !ready.contains(direction.into()) {
                continue;
            }
            let side = self.side(direction);
            if side.is_awaited() {
                side.is_ready();
            } else {
                self.set_want(self.want.get() - direction);
            }
        }
    }

    fn refused(&self, error: io::Error) {
        self.want.set(Interest::empty());
        self.refusal.set(Some(error));
        self.wake();
    }

    fn abandon(&self) {
        self.wake();
    }
}
