//! Listening: addresses, options, errors.

use std::collections::HashSet;
use std::future::ready;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;

use loopline_core::{
    BindTarget, EventLoop, EventLoopExt, ListenError, Resolution, Resolver, Server, ServerOptions,
};

use super::connecting::{Fixed, Script};
use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::connections;
use crate::harness::recorder::{Log, Recorder};
use crate::harness::scene::{Scene, on_loop};
use crate::harness::sockets;
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        E26,
        every_interface_is_served,
        "`BindTarget::any` listens for IPv4 and, where the machine has it, for IPv6."
    ),
    case!(
        E26,
        an_address_that_occurs_twice_is_bound_once,
        "Hosts that resolve to the same address share one socket."
    ),
    case!(
        E26,
        an_ipv6_socket_leaves_ipv4_alone,
        "A server on IPv6 gets no IPv4 connections."
    ),
    case!(
        E26,
        foreign_addresses_are_passed_over,
        "Addresses that are not this machine's are passed over, unless there is no other."
    ),
    case!(
        E26,
        a_failure_closes_what_was_bound,
        "If one address cannot be had, those that were bound before are free again."
    ),
    case!(
        E26,
        failing_lookups_are_told,
        "A host without an address and a failing resolver are errors of their own."
    ),
    case!(
        E27,
        an_address_can_be_had_again_at_once,
        "By default an address whose connections have just ended can be bound anew."
    ),
    case!(
        E27,
        reuse_port_shares_an_address,
        "With `reuse_port` two servers share an address, and without it they cannot."
    )
    .needs(Need::SHARED_PORTS),
    case!(
        E27,
        reuse_port_is_refused_where_it_makes_no_sense,
        "`reuse_port` is refused for a ready-made socket."
    ),
    case!(
        E27,
        keep_alive_is_set_on_accepted_connections,
        "Accepted connections have `SO_KEEPALIVE` if it was asked for, and not otherwise."
    ),
    case!(
        E27,
        any_backlog_will_do,
        "The smallest and the largest backlog serve connections."
    ),
];

/// A factory of protocols that nobody looks at.
pub(super) fn anybody() -> Recorder {
    Log::default().recorder()
}

/// Listens, and returns the error.
async fn refused(
    scene: &Scene<'_>,
    target: impl Into<BindTarget>,
    options: ServerOptions,
) -> Result<ListenError, Stop> {
    let answer = scene.create_server(anybody, target, options).await;
    answer.err().ok_or_else(|| Stop::failed("it listens"))
}

fn addresses(server: &dyn Server) -> Vec<SocketAddr> {
    server
        .sockets()
        .iter()
        .filter_map(|it| it.as_inet())
        .collect()
}

/// Whether this machine has IPv6.
fn ipv6() -> Result<(), Stop> {
    match TcpListener::bind("[::1]:0") {
        Ok(_) => Ok(()),
        Err(_) => Err(Stop::skipped("IPv6")),
    }
}

fn every_interface_is_served(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let server = scene
            .create_server(anybody, BindTarget::any(0), ServerOptions::default())
            .await?;
        let bound = addresses(&*server);
        let families: HashSet<_> = bound.iter().map(SocketAddr::is_ipv4).collect();
        assert!(families.contains(&true));
        assert_eq!(families.contains(&false), ipv6().is_ok());
        for address in bound {
            assert!(address.ip().is_unspecified() && address.port() != 0);
            let host = if address.is_ipv4() {
                "127.0.0.1"
            } else {
                "::1"
            };
            let host: IpAddr = host.parse()?;
            TcpStream::connect((host, address.port()))?;
        }
        Ok(())
    })
}

fn an_address_that_occurs_twice_is_bound_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let one = SocketAddr::from(([127, 0, 0, 1], 0));
        scene.set_resolver(Rc::new(Fixed(vec![one, one])));
        let hosts = BindTarget::hosts(["name.test", "127.0.0.1", "other.test"], 0);
        let server = scene
            .create_server(anybody, hosts, ServerOptions::default())
            .await?;
        assert_eq!(addresses(&*server).len(), 1);
        Ok(())
    })
}

fn an_ipv6_socket_leaves_ipv4_alone(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        ipv6()?;
        let log = Log::default();
        let shared = log.clone();
        let server = scene
            .create_server(
                move || shared.recorder(),
                ("::", 0),
                ServerOptions::default(),
            )
            .await?;
        let port = connections::address_of(&*server)?.port();
        // Somebody else's server may be there; ours must not.
        drop(TcpStream::connect(("127.0.0.1", port)));
        drop(TcpStream::connect(("::1", port))?);
        log.until_lost().await;
        scene.turns(3).await;
        let made = |call: &_| *call == crate::harness::recorder::Call::Made;
        assert_eq!(log.count(made), 1);
        Ok(())
    })
}

fn foreign_addresses_are_passed_over(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        // Of the block for documentation (RFC 5737).
        let foreign = "192.0.2.1";
        let hosts = BindTarget::hosts([foreign, "127.0.0.1"], 0);
        let server = scene
            .create_server(anybody, hosts, ServerOptions::default())
            .await?;
        assert_eq!(addresses(&*server).len(), 1);
        let error = refused(scene, (foreign, 0), ServerOptions::default()).await?;
        assert!(matches!(&error, ListenError::NoAddress { host } if host == foreign));
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
        Ok(())
    })
}

/// Resolves to a free port and then to a taken one.
struct FreeThenTaken(SocketAddr, SocketAddr);

impl Resolver for FreeThenTaken {
    fn resolve(&self, _: &str, _: u16) -> Resolution {
        Box::pin(ready(Ok(vec![self.0, self.1])))
    }
}

fn a_failure_closes_what_was_bound(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let taken = sockets::server()?;
        // Reserved by a connection from it, so that nobody else is given it;
        // with SO_REUSEADDR it can be listened on all the same.
        let reserved = sockets::server()?;
        let free = reserved.local_addr()?;
        let peer = TcpStream::connect(free)?;
        let (kept, _) = reserved.accept()?;
        drop(reserved);
        let pair = FreeThenTaken(free, taken.local_addr()?);
        scene.set_resolver(Rc::new(pair));
        let error = refused(scene, ("name.test", 0), ServerOptions::default()).await?;
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let at = taken.local_addr()?.into();
        assert!(matches!(&error, ListenError::Bind { address, .. } if *address == at));
        assert!(TcpStream::connect(free).is_err());
        assert_eq!(scene.snapshot().listeners, 0);
        scene
            .create_server(anybody, free, ServerOptions::default())
            .await?;
        drop((peer, kept));
        Ok(())
    })
}

fn failing_lookups_are_told(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        scene.set_resolver(Rc::new(Script(|| Ok(Vec::new()))));
        let error = refused(scene, ("name.test", 0), ServerOptions::default()).await?;
        assert!(matches!(error, ListenError::NoAddress { .. }), "{error}");
        scene.set_resolver(Rc::new(Script(|| Err(ErrorKind::TimedOut.into()))));
        let error = refused(scene, ("name.test", 0), ServerOptions::default()).await?;
        assert!(matches!(&error, ListenError::Resolve { host, .. } if host == "name.test"));
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        Ok(())
    })
}

fn an_address_can_be_had_again_at_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let mut recorder = Some(log.recorder());
        let factory = move || recorder.take().unwrap_or_else(anybody);
        let server = scene
            .create_server(factory, ("127.0.0.1", 0), ServerOptions::default())
            .await?;
        let address = connections::address_of(&*server)?;
        let peer = TcpStream::connect(address)?;
        log.until(|calls, _| !calls.is_empty()).await;
        server.close();
        // Ours is the first end, so the system keeps the address for a while.
        server.close_clients();
        log.until_lost().await;
        sockets::Reader::of(peer).bytes()?;
        scene
            .create_server(anybody, address, ServerOptions::default())
            .await?;
        Ok(())
    })
}

fn reuse_port_shares_an_address(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let sharing = || ServerOptions::default().reuse_port(true);
        let one = scene
            .create_server(anybody, ("127.0.0.1", 0), sharing())
            .await;
        let one = match one {
            Err(ListenError::Option { .. }) => return Err(Stop::skipped("SO_REUSEPORT")),
            other => other?,
        };
        let address = connections::address_of(&*one)?;
        let other = scene.create_server(anybody, address, sharing()).await?;
        assert_eq!(addresses(&*other), [address]);
        let error = refused(scene, address, ServerOptions::default()).await?;
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        Ok(())
    })
}

fn reuse_port_is_refused_where_it_makes_no_sense(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let options = ServerOptions::default().reuse_port(true);
        let error = refused(scene, sockets::server()?, options).await?;
        assert!(matches!(error, ListenError::Option { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        Ok(())
    })
}

fn keep_alive_is_set_on_accepted_connections(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for wanted in [false, true] {
            let log = Log::default();
            let shared = log.clone();
            let options = ServerOptions::default().keep_alive(wanted);
            let server = scene
                .create_server(move || shared.recorder(), ("127.0.0.1", 0), options)
                .await?;
            let _peer = TcpStream::connect(connections::address_of(&*server)?)?;
            log.until(|calls, _| !calls.is_empty()).await;
            let socket = log.transport().and_then(|transport| transport.socket());
            let socket = socket.ok_or_else(|| Stop::failed("no socket"))?;
            assert_eq!(socket.keepalive()?, wanted);
        }
        Ok(())
    })
}

fn any_backlog_will_do(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for backlog in [0, 1, u32::MAX] {
            let log = Log::default();
            let shared = log.clone();
            let options = ServerOptions::default().backlog(backlog);
            let server = scene
                .create_server(move || shared.recorder(), ("127.0.0.1", 0), options)
                .await?;
            let _peer = TcpStream::connect(connections::address_of(&*server)?)?;
            log.until(|calls, _| !calls.is_empty()).await;
        }
        Ok(())
    })
}
