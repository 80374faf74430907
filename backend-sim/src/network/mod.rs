//! A network in memory.

mod attempt;
mod connection;
mod handle;
mod link;
mod listener;
mod peer;
mod pipe;
mod ports;
mod resolver;
mod stream;

pub use connection::Side;
pub use handle::SimConnection;
pub use link::{Link, Reads};
pub use peer::{Peer, PeerListener};
pub use pipe::Fault;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::{Rc, Weak};

use loopline_core::backend::{Connecting, Network, NetworkListener, NetworkStream};
use loopline_core::{Address, Resolver};

use self::attempt::{Attempt, ip_of};
use self::connection::Line;
use self::listener::{Listening, SimListener};
use self::ports::Ports;
use self::resolver::SimResolver;
use crate::watches::Watches;
use crate::world::World;

/// What is on the network, for all loops of a simulation.
#[derive(Default)]
pub(crate) struct State {
    ports: Ports,
    listeners: RefCell<HashMap<Address, Rc<Listening>>>,
    lines: RefCell<Vec<Weak<Line>>>,
    link: RefCell<Link>,
    links: RefCell<HashMap<Address, Link>>,
    hosts: RefCell<BTreeMap<String, Vec<IpAddr>>>,
    unreachable: RefCell<HashSet<IpAddr>>,
}

impl State {
    /// Who listens on an address, or on every address of its port.
    fn listening(&self, address: &Address) -> Option<Rc<Listening>> {
        let listeners = self.listeners.borrow();
        if let Some(listening) = listeners.get(address) {
            return Some(Rc::clone(listening));
        }
        let everywhere = match address.as_inet()? {
            SocketAddr::V4(v4) => SocketAddr::from(([0; 4], v4.port())),
            SocketAddr::V6(v6) => SocketAddr::from(([0_u16; 8], v6.port())),
        };
        listeners.get(&Address::Inet(everywhere)).cloned()
    }

    fn link_to(&self, address: &Address) -> Link {
        let links = self.links.borrow();
        let link = links.get(address);
        link.map_or_else(|| self.link.borrow().clone(), Link::clone)
    }

    fn is_reachable(&self, address: &Address) -> bool {
        ip_of(address).is_none_or(|ip| !self.unreachable.borrow().contains(&ip))
    }

    fn add_line(&self, line: &Rc<Line>) {
        let mut lines = self.lines.borrow_mut();
        lines.retain(|line| line.strong_count() > 0);
        lines.push(Rc::downgrade(line));
    }

    /// Every connection that is not over, in the order in which they began.
    pub(crate) fn connections(&self) -> Vec<SimConnection> {
        let lines = self.lines.borrow();
        let alive = lines.iter().filter_map(Weak::upgrade);
        alive
            .filter(|line| !line.is_over())
            .map(SimConnection::new)
            .collect()
    }

    pub(crate) fn set_link(&self, link: Link) {
        self.link.replace(link);
    }

    pub(crate) fn set_link_to(&self, address: Address, link: Link) {
        self.links.borrow_mut().insert(address, link);
    }

    pub(crate) fn add_host(&self, host: &str, addresses: Vec<IpAddr>) {
        let name = host.to_ascii_lowercase();
        self.hosts.borrow_mut().insert(name, addresses);
    }

    pub(crate) fn set_reachable(&self, ip: IpAddr, reachable: bool) {
        let mut unreachable = self.unreachable.borrow_mut();
        if reachable {
            unreachable.remove(&ip);
        } else {
            unreachable.insert(ip);
        }
    }
}

/// The network as one loop sees it.
pub(crate) struct SimNetwork {
    world: Rc<World>,
    watches: Rc<Watches>,
}

impl SimNetwork {
    pub(crate) fn new(world: &Rc<World>, watches: &Rc<Watches>) -> Self {
        Self {
            world: Rc::clone(world),
            watches: Rc::clone(watches),
        }
    }

    pub(crate) fn attempt(&self, peer: &Address, local: Option<SocketAddr>) -> Attempt {
        Attempt::begin(&self.world, &self.watches, peer, local)
    }

    pub(crate) fn listener(&self, address: &Address) -> io::Result<SimListener> {
        SimListener::bind(&self.world, &self.watches, address)
    }
}

impl Network for SimNetwork {
    fn resolver(&self) -> Rc<dyn Resolver> {
        Rc::new(SimResolver::new(&self.world))
    }

    fn connect(&self, peer: &Address, local: Option<SocketAddr>) -> Connecting {
        let attempt = self.attempt(peer, local);
        Box::pin(async {
            let stream = attempt.await?;
            Ok(Box::new(stream) as Box<dyn NetworkStream>)
        })
    }

    fn bind(&self, address: &Address) -> io::Result<Box<dyn NetworkListener>> {
        Ok(Box::new(self.listener(address)?))
    }
}
