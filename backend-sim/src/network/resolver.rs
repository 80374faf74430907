//! Host names of the simulation.

use std::future::ready;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;

use loopline_core::{Resolution, Resolver};

use crate::world::World;

/// The names that the simulation was told, and `localhost`.
pub(super) struct SimResolver(Rc<World>);

impl SimResolver {
    pub(super) fn new(world: &Rc<World>) -> Self {
        Self(Rc::clone(world))
    }

    fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        if let Some(addresses) = self.0.network.hosts.borrow().get(&name) {
            return Ok(addresses.clone());
        }
        if name == "localhost" {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        Err(io::Error::new(
            io::ErrorKind::NotFound,
            "the simulation knows no such host",
        ))
    }
}

impl Resolver for SimResolver {
    fn resolve(&self, host: &str, port: u16) -> Resolution {
        let found = self.addresses(host).map(|addresses| {
            let addresses = addresses.into_iter();
            addresses.map(|ip| SocketAddr::new(ip, port)).collect()
        });
        Box::pin(ready(found))
    }
}
