//! An address that is listened on.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

use loopline_core::Address;
use loopline_core::backend::{Interest, Key, NetworkListener, NetworkStream, Readiness};

use super::connection::Side;
use super::ports::Port;
use super::stream::SimStream;
use crate::watches::{Watch, Watches};
use crate::world::World;

/// What a listener and whoever connects share.
pub(super) struct Listening {
    world: Weak<World>,
    name: Address,
    /// How many may wait; none before `listen`.
    backlog: Cell<Option<u32>>,
    waiting: RefCell<VecDeque<SimStream>>,
    watches: Rc<Watches>,
    watch: Watch,
    _port: Option<Port>,
}

impl Listening {
    pub(super) fn watches(&self) -> &Rc<Watches> {
        &self.watches
    }

    /// Whether it takes connections at all.
    pub(super) fn listens(&self) -> bool {
        self.backlog.get().is_some()
    }

    /// Whether another one has to wait for its turn to wait: listen(2) leaves
    /// room for one more than the backlog on Linux.
    pub(super) fn is_full(&self) -> bool {
        let waiting = self.waiting.borrow().len();
        let most = self.backlog.get().unwrap_or_default();
        waiting > usize::try_from(most).unwrap_or(usize::MAX)
    }

    /// A connection waits to be accepted.
    pub(super) fn arrive(&self, stream: SimStream) {
        self.waiting.borrow_mut().push_back(stream);
        self.update();
    }

    fn update(&self) {
        let mut ready = Readiness::empty();
        ready.set(Readiness::READ, !self.waiting.borrow().is_empty());
        if let Some(world) = self.world.upgrade() {
            self.watch.update(&world, ready);
        }
    }

    fn accept(&self) -> io::Result<SimStream> {
        let accepted = self.waiting.borrow_mut().pop_front();
        self.update();
        accepted.ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }
}

/// An address that was taken. Dropping it gives it back.
pub(crate) struct SimListener(Rc<Listening>);

impl SimListener {
    pub(super) fn bind(
        world: &Rc<World>,
        watches: &Rc<Watches>,
        address: &Address,
    ) -> io::Result<Self> {
        let (name, port) = match address {
            Address::Inet(address) => {
                let port = Port::take(world, *address)?;
                (Address::Inet(port.address()), Some(port))
            }
            other => (other.clone(), None),
        };
        let mut listeners = world.network.listeners.borrow_mut();
        if listeners.contains_key(&name) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let listening = Rc::new(Listening {
            world: Rc::downgrade(world),
            name: name.clone(),
            backlog: Cell::new(None),
            waiting: RefCell::default(),
            watches: Rc::clone(watches),
            watch: Watch::new(watches),
            _port: port,
        });
        listeners.insert(name, Rc::clone(&listening));
        Ok(Self(listening))
    }

    pub(super) fn poll_accept(&self, context: &Context<'_>) -> Poll<SimStream> {
        match self.0.accept() {
            Ok(stream) => Poll::Ready(stream),
            Err(_) => {
                self.0.watch.poll(context, Readiness::READ);
                Poll::Pending
            }
        }
    }
}

impl NetworkListener for SimListener {
    fn listen(&self, backlog: u32) -> io::Result<()> {
        self.0.backlog.set(Some(backlog));
        Ok(())
    }

    fn watch(&self, key: Key, want: Interest) {
        self.0.watch.set(key, want);
        self.0.update();
    }

    fn accept(&self) -> io::Result<Box<dyn NetworkStream>> {
        Ok(Box::new(self.0.accept()?))
    }

    fn sockname(&self) -> Address {
        self.0.name.clone()
    }
}

impl Drop for SimListener {
    fn drop(&mut self) {
        self.0.watch.end();
        if let Some(world) = self.0.world.upgrade() {
            let listening = world.network.listeners.borrow_mut().remove(&self.0.name);
            drop(listening);
        }
        let waiting = self.0.waiting.take();
        for stream in waiting {
            debug_assert_eq!(stream.side(), Side::Server);
            stream.abort();
        }
    }
}
