//! How host names become addresses.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6, ToSocketAddrs};
use std::pin::Pin;
use std::rc::Rc;

use crate::engine::{Engine, unblock};

/// A resolution under way.
pub type Resolution = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>>>>;

/// How host names become addresses.
///
/// A loop uses [`SystemResolver`] until
/// [`set_resolver`](crate::EventLoop::set_resolver) gives it another. Addresses
/// in numbers are never looked up (line E24).
///
/// ```
/// use std::net::SocketAddr;
/// use loopline_core::{Resolution, Resolver};
///
/// struct OnlyLocalhost;
///
/// impl Resolver for OnlyLocalhost {
///     fn resolve(&self, host: &str, port: u16) -> Resolution {
///         let found = match host {
///             "localhost" => Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))]),
///             _ => Err(std::io::ErrorKind::NotFound.into()),
///         };
///         Box::pin(std::future::ready(found))
///     }
/// }
/// ```
pub trait Resolver {
    /// The addresses of a host, in the order in which they are to be tried.
    fn resolve(&self, host: &str, port: u16) -> Resolution;
}

/// The system's resolver, getaddrinfo(3), on a thread of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, host: &str, port: u16) -> Resolution {
        let host = host.to_owned();
        Box::pin(unblock(move || {
            Ok((host.as_str(), port).to_socket_addrs()?.collect())
        }))
    }
}

/// The addresses of a host: in numbers as they are, else as the loop's
/// resolver finds them.
pub(super) async fn resolve(engine: &Engine, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Some(address) = literal(host, port) {
        return Ok(vec![address]);
    }
    let resolver = Rc::clone(&engine.resolver.borrow());
    let resolution = resolver.resolve(host, port);
    resolution.await
}

/// An address in numbers, with a numeric scope if it has one (RFC 4007,
/// section 11). A scope by name is the resolver's business.
fn literal(host: &str, port: u16) -> Option<SocketAddr> {
    if let Some((address, scope)) = host.split_once('%') {
        let address: Ipv6Addr = address.parse().ok()?;
        let scope = scope.parse().ok()?;
        return Some(SocketAddrV6::new(address, port, 0, scope).into());
    }
    let address: IpAddr = host.parse().ok()?;
    Some(SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_numbers_need_no_resolver() {
        assert_eq!(
            literal("127.0.0.1", 7),
            Some(SocketAddr::from(([127, 0, 0, 1], 7)))
        );
        let scoped = literal("fe80::1%3", 7);
        assert!(matches!(scoped, Some(SocketAddr::V6(v6)) if v6.scope_id() == 3));
    }

    #[test]
    fn names_do() {
        assert_eq!(literal("localhost", 7), None);
        assert_eq!(literal("fe80::1%eth0", 7), None);
    }
}
