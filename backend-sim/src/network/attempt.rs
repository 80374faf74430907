//! An attempt to connect.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use loopline_core::Address;

use super::connection::{Line, Side};
use super::link::Link;
use super::ports::Port;
use super::stream::SimStream;
use crate::watches::Watches;
use crate::world::World;

/// How long an attempt waits for an answer before it asks again; twice as long
/// each time (RFC 6298, section 5).
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// How often it asks again before it gives up, after 127 seconds: Linux'
/// `tcp_syn_retries`.
const RETRIES: u32 = 6;

type Outcome = io::Result<SimStream>;

/// What the attempt and the network share.
#[derive(Default)]
struct Shared {
    outcome: RefCell<Option<Outcome>>,
    waker: RefCell<Option<Waker>>,
    given_up: Cell<bool>,
}

impl Shared {
    fn settle(&self, world: &World, outcome: Outcome) {
        if self.given_up.get() {
            return;
        }
        self.outcome.replace(Some(outcome));
        let waker = self.waker.take();
        if let Some(waker) = waker {
            world.stir();
            waker.wake();
        }
    }
}

/// An attempt to connect, under way.
pub(crate) struct Attempt(Rc<Shared>);

impl Attempt {
    pub(super) fn begin(
        world: &Rc<World>,
        watches: &Rc<Watches>,
        peer: &Address,
        local: Option<SocketAddr>,
    ) -> Self {
        let shared = Rc::new(Shared::default());
        match Caller::new(world, watches, peer, local) {
            Ok(caller) => caller.call(world, Rc::downgrade(&shared), 0),
            Err(error) => shared.settle(world, Err(error)),
        }
        Self(shared)
    }
}

impl Future for Attempt {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let outcome = self.0.outcome.take();
        if let Some(outcome) = outcome {
            return Poll::Ready(outcome);
        }
        let old = self.0.waker.replace(Some(context.waker().clone()));
        drop(old);
        Poll::Pending
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.0.given_up.set(true);
        let outcome = self.0.outcome.take();
        drop(outcome);
    }
}

/// Who wants to connect, and to whom.
struct Caller {
    watches: Rc<Watches>,
    peer: Address,
    name: Address,
    port: Option<Port>,
    link: Link,
}

impl Caller {
    fn new(
        world: &Rc<World>,
        watches: &Rc<Watches>,
        peer: &Address,
        local: Option<SocketAddr>,
    ) -> io::Result<Self> {
        let (name, port) = match peer {
            Address::Inet(peer) => {
                // Every address is one of this machine, which talks to itself
                // from the address that it talks to.
                let local = local.unwrap_or_else(|| SocketAddr::new(peer.ip(), 0));
                if local.is_ipv4() != peer.is_ipv4() {
                    return Err(io::ErrorKind::InvalidInput.into());
                }
                let port = Port::take(world, local)?;
                (Address::Inet(port.address()), Some(port))
            }
            _ => (Address::Unix(Path::new("").into()), None),
        };
        Ok(Self {
            watches: Rc::clone(watches),
            link: world.network.link_to(peer),
            peer: peer.clone(),
            name,
            port,
        })
    }

    /// Asks the peer, for the first time or again.
    fn call(self, world: &Rc<World>, attempt: Weak<Shared>, retries: u32) {
        let arrival = world.elapsed().saturating_add(self.link.latency);
        let heard = move |world: &Rc<World>| {
            let Some(shared) = attempt.upgrade().filter(|one| !one.given_up.get()) else {
                return;
            };
            self.heard(world, &shared, retries);
        };
        world.at(arrival, Box::new(heard));
    }

    /// The peer has heard.
    fn heard(self, world: &Rc<World>, shared: &Rc<Shared>, retries: u32) {
        if !world.network.is_reachable(&self.peer) {
            return self.call_again(world, shared, retries);
        }
        let listening = world.network.listening(&self.peer);
        let Some(listening) = listening.filter(|one| one.listens()) else {
            let refusal = match self.peer {
                Address::Inet(_) => io::ErrorKind::ConnectionRefused,
                _ => io::ErrorKind::NotFound,
            };
            return self.answer(world, shared, Err(refusal.into()));
        };
        if listening.is_full() {
            return self.call_again(world, shared, retries);
        }
        let client = (self.name.clone(), &self.watches);
        let server = (self.peer.clone(), listening.watches());
        let line = Line::new(world, self.link.clone(), client, server);
        world.network.add_line(&line);
        listening.arrive(SimStream::new(&line, Side::Server, None));
        self.answer(world, shared, Ok(line));
    }

    /// The peer's answer is on its way.
    fn answer(self, world: &Rc<World>, shared: &Rc<Shared>, answer: io::Result<Rc<Line>>) {
        let Self { port, link, .. } = self;
        let outcome = answer.map(|line| SimStream::new(&line, Side::Client, port));
        let attempt = Rc::downgrade(shared);
        let arrival = world.elapsed().saturating_add(link.latency);
        let told = move |world: &Rc<World>| {
            if let Some(shared) = attempt.upgrade() {
                shared.settle(world, outcome);
            }
        };
        world.at(arrival, Box::new(told));
    }

    /// Nobody answers.
    fn call_again(self, world: &Rc<World>, shared: &Rc<Shared>, retries: u32) {
        // What is lost on its way is not missed before the answer is.
        let asked = world.elapsed().saturating_sub(self.link.latency);
        let pause = FIRST_RETRY * (1 << retries);
        let attempt = Rc::downgrade(shared);
        let missed = move |world: &Rc<World>| {
            if retries < RETRIES {
                self.call(world, attempt, retries + 1);
            } else if let Some(shared) = attempt.upgrade() {
                shared.settle(world, Err(io::ErrorKind::TimedOut.into()));
            }
        };
        world.at(asked.saturating_add(pause), Box::new(missed));
    }
}

/// The address of a peer that does not answer.
pub(super) fn ip_of(address: &Address) -> Option<IpAddr> {
    address.as_inet().map(|address| address.ip())
}
