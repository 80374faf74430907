//! A connection: two pipes, two ends.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::rc::{Rc, Weak};

use loopline_core::Address;
use loopline_core::backend::Readiness;

use super::link::Link;
use super::pipe::{Cargo, Fault, Pipe};
use crate::watches::{Watch, Watches};
use crate::world::World;

/// One of the two ends: who has connected, and who has accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who has connected.
    Client,
    /// Who has accepted.
    Server,
}

impl Side {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// What a reset connection answers next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reset {
    No,
    /// The error was not told yet.
    Untold,
    Told,
}

/// One end, and the pipe that leads away from it.
struct End {
    name: Address,
    out: RefCell<Pipe>,
    reset: Cell<Reset>,
    closed: Cell<bool>,
    watch: Watch,
}

impl End {
    fn new(name: Address, watches: &Rc<Watches>) -> Self {
        Self {
            name,
            out: RefCell::default(),
            reset: Cell::new(Reset::No),
            closed: Cell::new(false),
            watch: Watch::new(watches),
        }
    }
}

/// What both ends of a connection share.
pub(super) struct Line {
    world: Weak<World>,
    link: RefCell<Link>,
    client: End,
    server: End,
}

impl Line {
    pub(super) fn new(
        world: &Rc<World>,
        link: Link,
        client: (Address, &Rc<Watches>),
        server: (Address, &Rc<Watches>),
    ) -> Rc<Self> {
        Rc::new(Self {
            world: Rc::downgrade(world),
            link: RefCell::new(link),
            client: End::new(client.0, client.1),
            server: End::new(server.0, server.1),
        })
    }

    fn end(&self, side: Side) -> &End {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// The pipe that leads to a side.
    fn inbound(&self, side: Side) -> &RefCell<Pipe> {
        &self.end(side.other()).out
    }

    pub(super) fn name(&self, side: Side) -> &Address {
        &self.end(side).name
    }

    pub(super) fn watch(&self, side: Side) -> &Watch {
        &self.end(side).watch
    }

    /// Whether both ends were closed.
    pub(super) fn is_over(&self) -> bool {
        self.client.closed.get() && self.server.closed.get()
    }

    pub(super) fn is_open(&self, side: Side) -> bool {
        let end = self.end(side);
        !end.closed.get() && end.reset.get() == Reset::No
    }

    pub(super) fn counts(&self, side: Side) -> (u64, u64) {
        (
            self.end(side).out.borrow().sent,
            self.inbound(side).borrow().read,
        )
    }

    /// Whether a side writes to a Unix socket that was closed: nothing travels
    /// there that could be answered (unix(7): EPIPE).
    fn is_refused_at_once(&self, side: Side) -> bool {
        let peer = self.end(side.other());
        peer.closed.get() && matches!(self.server.name, Address::Unix(_))
    }

    /// What a side is ready for.
    fn ready(&self, side: Side) -> Readiness {
        let end = self.end(side);
        if end.reset.get() != Reset::No {
            return Readiness::all();
        }
        let mut ready = Readiness::empty();
        ready.set(Readiness::READ, self.inbound(side).borrow().is_readable());
        let out = end.out.borrow();
        let writable = out.ended || out.room(&self.link.borrow()) > 0;
        ready.set(Readiness::WRITE, writable);
        ready
    }

    /// Tells who watches a side what it is ready for by now.
    pub(super) fn update(&self, side: Side) {
        let end = self.end(side);
        if let Some(world) = self.world.upgrade().filter(|_| !end.closed.get()) {
            end.watch.update(&world, self.ready(side));
        }
    }

    pub(super) fn receive(self: &Rc<Self>, side: Side, into: &mut [u8]) -> io::Result<usize> {
        let Some(world) = self.world.upgrade() else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        let (count, at_end) = {
            let mut pipe = self.inbound(side).borrow_mut();
            let count = pipe.receive(&world, &self.link.borrow(), into);
            (count, pipe.at_end)
        };
        if count > 0 {
            self.update(side);
            // There is room now.
            self.update(side.other());
            return Ok(count);
        }
        if into.is_empty() || at_end {
            return Ok(0);
        }
        let end = self.end(side);
        match end.reset.get() {
            Reset::No => Err(io::ErrorKind::WouldBlock.into()),
            Reset::Untold => {
                end.reset.set(Reset::Told);
                Err(io::ErrorKind::ConnectionReset.into())
            }
            Reset::Told => Ok(0),
        }
    }

    pub(super) fn send(self: &Rc<Self>, side: Side, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let Some(world) = self.world.upgrade() else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        let end = self.end(side);
        match end.reset.get() {
            Reset::No => {}
            Reset::Untold => {
                end.reset.set(Reset::Told);
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            Reset::Told => return Err(io::ErrorKind::BrokenPipe.into()),
        }
        let count = {
            let mut out = end.out.borrow_mut();
            if out.ended || self.is_refused_at_once(side) {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            out.send(&world, &self.link.borrow(), slices)
        };
        if count == 0 && slices.iter().any(|slice| !slice.is_empty()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.update(side);
        self.depart(&world, side);
        Ok(count)
    }

    pub(super) fn shutdown_write(self: &Rc<Self>, side: Side) -> io::Result<()> {
        let end = self.end(side);
        if end.reset.get() != Reset::No {
            return Err(io::ErrorKind::NotConnected.into());
        }
        self.end_out(side);
        Ok(())
    }

    fn end_out(self: &Rc<Self>, side: Side) {
        if !self.end(side).out.borrow_mut().ended {
            self.ship(side, Cargo::End);
        }
    }

    /// One end is closed. What it has not read resets the other, as tcp(7)
    /// does it.
    pub(super) fn close(self: &Rc<Self>, side: Side) {
        let end = self.end(side);
        if end.closed.replace(true) {
            return;
        }
        end.watch.end();
        if self.inbound(side).borrow().has_unread() {
            self.ship(side, Cargo::Reset);
        } else {
            self.end_out(side);
        }
    }

    /// One end is closed without an end of its stream.
    pub(super) fn abort(self: &Rc<Self>, side: Side) {
        if !self.end(side).closed.get() {
            self.ship(side, Cargo::Reset);
        }
        self.close(side);
    }

    /// Sends something else than bytes, behind them.
    fn ship(self: &Rc<Self>, from: Side, cargo: Cargo) {
        // Who was reset has nothing more to say.
        let alive = self.end(from).reset.get() == Reset::No;
        let Some(world) = self.world.upgrade().filter(|_| alive) else {
            return;
        };
        {
            let mut out = self.end(from).out.borrow_mut();
            out.ended = true;
            out.put_cargo(&world, &self.link.borrow(), cargo);
        }
        self.depart(&world, from);
    }

    /// Sees to it that what is on its way from a side is handed over when it
    /// has arrived, which may be now.
    fn depart(self: &Rc<Self>, world: &Rc<World>, from: Side) {
        let Some(time) = self.end(from).out.borrow_mut().schedule() else {
            return;
        };
        let line = Rc::downgrade(self);
        world.at(
            time,
            Box::new(move |world| {
                if let Some(line) = line.upgrade() {
                    line.deliver(world, from);
                }
            }),
        );
    }

    /// Hands over what has arrived from a side.
    fn deliver(self: &Rc<Self>, world: &Rc<World>, from: Side) {
        let to = from.other();
        self.end(from).out.borrow_mut().looked_at();
        loop {
            let cargo = self
                .end(from)
                .out
                .borrow_mut()
                .take_arrived(world.elapsed());
            match cargo {
                None => break,
                Some(Cargo::Bytes(bytes)) if self.end(to).closed.get() => {
                    // Nobody is there to read them: RFC 9293, section 3.10.7.1.
                    self.end(from).out.borrow_mut().discard(bytes.len());
                    self.ship(to, Cargo::Reset);
                }
                Some(Cargo::Bytes(bytes)) => self.end(from).out.borrow_mut().arrive(bytes),
                Some(Cargo::End) => self.end(from).out.borrow_mut().at_end = true,
                Some(Cargo::Reset) => self.reset(to),
                Some(Cargo::Broken) => self.break_off(),
            }
        }
        self.update(to);
        self.update(from);
        self.depart(world, from);
    }

    fn reset(&self, side: Side) {
        let end = self.end(side);
        if end.reset.get() == Reset::No {
            // Behind the end of the stream it is no news, but for a writer
            // (tcp(7): EPIPE).
            let at_end = self.inbound(side).borrow().at_end;
            end.reset
                .set(if at_end { Reset::Told } else { Reset::Untold });
        }
        end.out.borrow_mut().clear();
    }

    /// Resets both ends, at once.
    pub(super) fn break_off(&self) {
        for side in [Side::Client, Side::Server] {
            self.reset(side);
        }
        for side in [Side::Client, Side::Server] {
            self.update(side);
        }
    }

    /// Nothing arrives any more, or again.
    pub(super) fn stop(self: &Rc<Self>, stopped: bool) {
        for side in [Side::Client, Side::Server] {
            self.end(side).out.borrow_mut().stopped = stopped;
        }
        let Some(world) = self.world.upgrade().filter(|_| !stopped) else {
            return;
        };
        for side in [Side::Client, Side::Server] {
            self.depart(&world, side);
        }
    }

    pub(super) fn add_fault(self: &Rc<Self>, from: Side, offset: u64, fault: Fault) {
        let Some(world) = self.world.upgrade() else {
            return;
        };
        {
            let mut out = self.end(from).out.borrow_mut();
            out.add_fault(&world, &self.link.borrow(), offset, fault);
        }
        self.depart(&world, from);
    }

    pub(super) fn add_cut(&self, from: Side, offset: u64) {
        self.end(from).out.borrow_mut().add_cut(offset);
    }

    pub(super) fn set_link(&self, link: Link) {
        self.link.replace(link);
        for side in [Side::Client, Side::Server] {
            self.update(side);
        }
    }
}
