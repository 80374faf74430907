//! What is watched: slots, the generations of their keys, and their owners.

use std::io;
use std::rc::Rc;

use super::Engine;
use crate::backend::{Interest, Key, Readiness};
use crate::net::Clients;
use crate::transport::Transport;

/// What owns a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A connection.
    Transport,
    /// A listening socket.
    Listener,
    /// Something that waits for one descriptor: a connection attempt, or
    /// `sock_sendfile`.
    Waiter,
    /// A descriptor of another library, owned by a `Watched`, or one that a signal
    /// handler writes to.
    Descriptor,
    /// `add_reader` and `add_writer`.
    User,
}

impl Role {
    /// The owner's name in an error message.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Transport => "transport",
            Self::Listener => "listening socket",
            Self::Waiter => "pending operation",
            Self::Descriptor => "watched descriptor",
            Self::User => "watch",
        }
    }
}

/// Another interest of a slot, and what it is armed for so far. They differ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) key: Key,
    pub(crate) want: Interest,
    pub(crate) armed: Interest,
}

/// The owner of a slot, as the engine calls it.
pub(crate) trait Watched {
    fn role(&self) -> Role;

    /// Tells whatever reports readiness that another interest is wanted.
    ///
    /// The default has nothing to tell: it is not the engine that arms the
    /// slot.
    fn arm(&self, change: Change) -> io::Result<()> {
        let _ = change;
        Ok(())
    }

    /// The descriptor is ready, as the owner's engine says. What is no longer
    /// wanted is ignored.
    fn ready(&self, engine: &Engine, ready: Readiness);

    /// A job in flight has ended.
    fn done(&self, result: io::Result<u64>) {
        let _ = result;
    }

    /// Whether a job is in flight.
    fn in_flight(&self) -> bool {
        false
    }

    /// The backend refused to watch.
    fn refused(&self, error: io::Error);

    /// The queued end of a connection has come.
    fn lost(&self) {}

    /// The turn has come that was asked for.
    fn later(&self) {}

    /// Tells the flow control that is owed; false if the protocol is still
    /// busy.
    fn settle(&self) -> bool {
        true
    }

    /// The loop shuts down: end what is under way.
    fn shut_down(&self) {}

    /// The loop is closed: let go of the descriptor and of everything of the
    /// user, without a callback.
    fn abandon(&self);

    /// Whether the slot is still needed after another descriptor got the
    /// number of its own, because a job is in flight.
    fn outlives_descriptor(&self) -> bool {
        false
    }

    /// Whether an event for an earlier generation of the slot, fetched in this
    /// turn, is still meant for the owner.
    fn accepts(&self, key: Key, turn: u32) -> bool {
        let _ = (key, turn);
        false
    }

    /// What it is to its user: "the connection to ADDRESS", say.
    #[cfg(feature = "debug")]
    fn name(&self) -> Option<String> {
        None
    }

    /// Whether it is something that the user should have ended before the loop is
    /// closed, and has not.
    #[cfg(feature = "debug")]
    fn is_open(&self) -> bool {
        false
    }

    /// The handle that the user of a connection has, if a server has accepted it,
    /// and it is this one.
    fn client_of(self: Rc<Self>, server: &Rc<Clients>) -> Option<Rc<dyn Transport>> {
        let _ = server;
        None
    }

    /// Which directions a user watches.
    fn watched(&self) -> Interest {
        Interest::empty()
    }
}

pub(super) struct Slot {
    generation: u32,
    /// The turn in which the generation last changed: an event of the batch
    /// that was being dispatched then is late, a later one comes from a
    /// registration that cannot be reached any more (line C31).
    pub(super) retired: u32,
    pub(super) want: Interest,
    pub(super) armed: Interest,
    pub(super) dirty: bool,
    pub(super) owner: Option<Rc<dyn Watched>>,
}

#[derive(Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

impl Slots {
    /// Gives a slot to an owner. The engine has fewer than 2^32 - 1 of them:
    /// each has a descriptor of its own.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "descriptors are 32-bit numbers"
    )]
    pub(super) fn insert(&mut self, owner: Rc<dyn Watched>) -> Key {
        if let Some(at) = self.free.pop() {
            let slot = &mut self.slots[at as usize];
            slot.owner = Some(owner);
            return Key::new(at, slot.generation);
        }
        let at = self.slots.len() as u32;
        self.slots.push(Slot {
            generation: 0,
            retired: 0,
            want: Interest::empty(),
            armed: Interest::empty(),
            dirty: false,
            owner: Some(owner),
        });
        Key::new(at, 0)
    }

    /// The slot at a key, whatever its generation.
    pub(super) fn at(&self, key: Key) -> Option<&Slot> {
        self.slots.get(key.slot() as usize)
    }

    /// The slot that a key names, if its generation is the current one.
    #[inline]
    pub(super) fn named(&mut self, key: Key) -> Option<&mut Slot> {
        self.slots
            .get_mut(key.slot() as usize)
            .filter(|slot| slot.generation == key.generation() && slot.owner.is_some())
    }

    /// Takes a slot from its owner.
    pub(super) fn remove(&mut self, key: Key, turn: u32) -> Option<Slot> {
        let slot = self.named(key)?;
        let next = Slot {
            generation: slot.generation.wrapping_add(1),
            retired: turn,
            want: Interest::empty(),
            armed: Interest::empty(),
            dirty: false,
            owner: None,
        };
        let old = std::mem::replace(slot, next);
        self.free.push(key.slot());
        Some(old)
    }

    /// Gives a slot that stays with its owner a new key.
    pub(super) fn renew(&mut self, key: Key, turn: u32) -> Option<Key> {
        let slot = self.named(key)?;
        slot.generation = slot.generation.wrapping_add(1);
        slot.retired = turn;
        Some(Key::new(key.slot(), slot.generation))
    }

    pub(super) fn owners(&self) -> impl Iterator<Item = &Rc<dyn Watched>> {
        self.slots.iter().filter_map(|slot| slot.owner.as_ref())
    }

    /// Empties every slot; what they held is for the caller to drop.
    pub(super) fn take_all(&mut self) -> Vec<Rc<dyn Watched>> {
        self.slots
            .iter_mut()
            .filter_map(|slot| slot.owner.take())
            .collect()
    }
}
