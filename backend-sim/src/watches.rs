//! What of the network one loop watches, and what of that is ready.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::{Context, Waker};

use loopline_core::backend::{Events, Interest, Key, Readiness};

use crate::world::World;

/// What is ready for one loop, in the order in which it became so.
#[derive(Default)]
pub(crate) struct Watches {
    ready: RefCell<BTreeMap<u64, (Key, Readiness)>>,
    serial: Cell<u64>,
}

impl Watches {
    /// Appends everything that is ready.
    pub(crate) fn report(&self, world: &World, events: &mut Events) {
        let mut ready: Vec<_> = self.ready.borrow().values().copied().collect();
        if world.shuffles {
            world.with_rng(|rng| rng.shuffle(&mut ready));
        }
        for (key, readiness) in ready {
            events.push_ready(key, readiness);
        }
    }

    fn put(&self, place: Option<u64>, key: Key, ready: Readiness) -> Option<u64> {
        let mut entries = self.ready.borrow_mut();
        if ready.is_empty() {
            place.map(|place| entries.remove(&place));
            return None;
        }
        let place = place.unwrap_or_else(|| {
            self.serial.set(self.serial.get() + 1);
            self.serial.get()
        });
        entries.insert(place, (key, ready));
        Some(place)
    }
}

/// Who is told when something is ready.
#[derive(Default)]
enum Told {
    #[default]
    Nobody,
    /// A loop, at each wait.
    Loop {
        key: Key,
        want: Interest,
        /// Where it stands among what is ready.
        place: Option<u64>,
    },
    /// Whoever polls, once.
    Tasks {
        reader: Option<Waker>,
        writer: Option<Waker>,
    },
}

/// The watch of one thing on the network.
pub(crate) struct Watch {
    watches: Rc<Watches>,
    told: RefCell<Told>,
}

impl Watch {
    pub(crate) fn new(watches: &Rc<Watches>) -> Self {
        Self {
            watches: Rc::clone(watches),
            told: RefCell::default(),
        }
    }

    /// A loop asks to be told of something else, under a key.
    pub(crate) fn set(&self, key: Key, want: Interest) {
        self.end();
        if !want.is_empty() {
            let place = None;
            self.told.replace(Told::Loop { key, want, place });
        }
    }

    /// Nobody is told any more.
    pub(crate) fn end(&self) {
        if let Told::Loop { key, place, .. } = self.told.take() {
            self.watches.put(place, key, Readiness::empty());
        }
    }

    /// Whoever polls waits to be woken.
    pub(crate) fn poll(&self, context: &Context<'_>, direction: Readiness) {
        let mut told = self.told.borrow_mut();
        if !matches!(*told, Told::Tasks { .. }) {
            *told = Told::Tasks {
                reader: None,
                writer: None,
            };
        }
        if let Told::Tasks { reader, writer } = &mut *told {
            let place = if direction == Readiness::READ {
                reader
            } else {
                writer
            };
            *place = Some(context.waker().clone());
        }
    }

    /// Tells what it is ready for by now.
    pub(crate) fn update(&self, world: &World, ready: Readiness) {
        let (mut read, mut write) = (None, None);
        match &mut *self.told.borrow_mut() {
            Told::Nobody => {}
            Told::Loop { key, want, place } => {
                *place = self.watches.put(*place, *key, ready & (*want).into());
            }
            Told::Tasks { reader, writer } => {
                if ready.contains(Readiness::READ) {
                    read = reader.take();
                }
                if ready.contains(Readiness::WRITE) {
                    write = writer.take();
                }
            }
        }
        for waker in [read, write].into_iter().flatten() {
            world.stir();
            waker.wake();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end();
    }
}
