//! Addresses that are taken.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};

use crate::world::World;

/// The ports that are given out where none is asked for (RFC 6335, section 6).
const DYNAMIC: std::ops::RangeInclusive<u16> = 49_152..=65_535;

/// The addresses that are taken.
pub(super) struct Ports {
    taken: RefCell<HashSet<SocketAddr>>,
    next: Cell<u16>,
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            taken: RefCell::default(),
            next: Cell::new(*DYNAMIC.start()),
        }
    }
}

impl Ports {
    /// Whether an address, or every address of its port, is taken.
    fn is_taken(&self, address: SocketAddr) -> bool {
        self.taken.borrow().iter().any(|taken| {
            let overlaps = taken.ip() == address.ip()
                || taken.ip().is_unspecified()
                || address.ip().is_unspecified();
            taken.port() == address.port() && taken.is_ipv4() == address.is_ipv4() && overlaps
        })
    }

    fn next(&self) -> u16 {
        let port = self.next.get();
        let after = port.checked_add(1).unwrap_or(*DYNAMIC.start());
        self.next.set(after);
        port
    }
}

/// An address that is taken. Dropping it gives it back.
pub(super) struct Port {
    world: Weak<World>,
    address: SocketAddr,
}

impl Port {
    /// Takes an address; port 0 is any that is free.
    pub(super) fn take(world: &Rc<World>, mut address: SocketAddr) -> io::Result<Self> {
        let ports = &world.network.ports;
        if address.port() == 0 {
            let mut left = DYNAMIC.len();
            loop {
                address.set_port(ports.next());
                if !ports.is_taken(address) {
                    break;
                }
                left -= 1;
                if left == 0 {
                    return Err(io::ErrorKind::AddrInUse.into());
                }
            }
        } else if ports.is_taken(address) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        ports.taken.borrow_mut().insert(address);
        Ok(Self {
            world: Rc::downgrade(world),
            address,
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        if let Some(world) = self.world.upgrade() {
            world.network.ports.taken.borrow_mut().remove(&self.address);
        }
    }
}
