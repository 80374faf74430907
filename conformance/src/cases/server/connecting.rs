//! Connecting: targets, errors, local addresses, giving up.

use std::future::{Future, pending, ready};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context as TaskContext, Waker};

use loopline_core::{
    BoxError, ConnectError, ConnectOptions, ConnectTarget, EventLoop, EventLoopExt, Resolution,
    Resolver,
};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::{Scene, on_loop};
use crate::harness::{os, sockets};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        E21,
        a_name_without_addresses_is_an_error,
        "A host for which the resolver finds nothing has no usable address."
    ),
    case!(
        E21,
        a_failing_resolver_is_told,
        "An error of the resolver reaches the caller with its class and the host."
    ),
    case!(
        E21,
        every_address_is_tried_in_order,
        "Addresses are tried in order, and the first that answers is taken."
    ),
    case!(
        E21,
        every_failure_is_told_once,
        "All failed attempts are told in their order, and the message tells equal ones once."
    ),
    case!(
        E22,
        a_local_address_is_bound,
        "The connection comes from the local address that was asked for."
    ),
    case!(
        E22,
        a_local_address_of_another_family_leaves_nothing,
        "If no address is of the family of the local one, there is none to connect to."
    ),
    case!(
        E22,
        a_local_address_that_is_taken_is_told,
        "A local address that cannot be bound is the error of each attempt."
    ),
    case!(
        E24,
        addresses_in_numbers_are_not_looked_up,
        "The resolver is not asked for IPv4 and IPv6 addresses in numbers."
    ),
    case!(
        E25,
        a_cancelled_attempt_leaves_nothing,
        "Dropping the call while it connects closes the socket, and leaves nothing in the loop."
    )
    .needs(Need::FULL_LISTENERS)
    .otherwise(a_cancelled_attempt_that_may_be_answered)
    .isolated(),
    case!(
        E25,
        a_cancelled_lookup_leaves_nothing,
        "Dropping the call while it resolves makes no protocol and no connection."
    ),
    case!(
        D65,
        a_failing_factory_is_the_callers_error,
        "An error of the protocol factory reaches the caller, and the socket is closed."
    ),
];

/// A resolver that answers what it was told to.
pub(super) struct Script(pub(super) fn() -> io::Result<Vec<SocketAddr>>);

impl Resolver for Script {
    fn resolve(&self, _: &str, _: u16) -> Resolution {
        Box::pin(ready((self.0)()))
    }
}

/// A resolver that answers these addresses.
pub(super) struct Fixed(pub(super) Vec<SocketAddr>);

impl Resolver for Fixed {
    fn resolve(&self, _: &str, _: u16) -> Resolution {
        Box::pin(ready(Ok(self.0.clone())))
    }
}

/// Connects to a name, and returns the error.
pub(super) async fn refused(
    scene: &Scene<'_>,
    options: ConnectOptions,
) -> Result<ConnectError, Stop> {
    let log = Log::default();
    let recorder = log.recorder();
    let answer = scene
        .create_connection(|| recorder, ("name.test", 1), options)
        .await;
    assert!(log.calls().is_empty());
    answer.err().ok_or_else(|| Stop::failed("it is connected"))
}

fn a_name_without_addresses_is_an_error(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        scene.set_resolver(Rc::new(Script(|| Ok(Vec::new()))));
        let error = refused(scene, ConnectOptions::default()).await?;
        assert!(matches!(&error, ConnectError::NoAddress { host } if host == "name.test"));
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
        Ok(())
    })
}

fn a_failing_resolver_is_told(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        scene.set_resolver(Rc::new(Script(|| Err(ErrorKind::NotFound.into()))));
        let error = refused(scene, ConnectOptions::default()).await?;
        assert!(matches!(&error, ConnectError::Resolve { host, .. } if host == "name.test"));
        assert_eq!(io::Error::from(error).kind(), ErrorKind::NotFound);
        Ok(())
    })
}

fn every_address_is_tried_in_order(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (first, second) = (sockets::server()?, sockets::server()?);
        let (mut addresses, _kept) = sockets::reserved(1)?;
        addresses.extend([first.local_addr()?, second.local_addr()?]);
        scene.set_resolver(Rc::new(Fixed(addresses)));
        let log = Log::default();
        let recorder = log.recorder();
        let (transport, _) = scene
            .create_connection(|| recorder, ("name.test", 1), ConnectOptions::default())
            .await?;
        assert_eq!(log.calls(), [Call::Made]);
        let peer = transport.peername().and_then(|name| name.as_inet());
        assert_eq!(peer, Some(first.local_addr()?));
        let (_, client) = first.accept()?;
        let own = transport.sockname().and_then(|name| name.as_inet());
        assert_eq!(own, Some(client));
        Ok(())
    })
}

fn every_failure_is_told_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (addresses, _kept) = sockets::reserved(2)?;
        scene.set_resolver(Rc::new(Fixed(addresses.clone())));
        let error = refused(scene, ConnectOptions::default()).await?;
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let text = error.to_string();
        let ConnectError::Attempts(attempts) = error else {
            return Err(Stop::failed(error));
        };
        let tried: Vec<_> = attempts
            .iter()
            .filter_map(|it| it.address.as_inet())
            .collect();
        assert_eq!(tried, addresses);
        let answer = attempts[0].error.to_string();
        assert_eq!(text.matches(&answer).count(), 1, "{text}");
        Ok(())
    })
}

fn a_local_address_is_bound(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let listener = sockets::server()?;
        let log = Log::default();
        let recorder = log.recorder();
        let local = SocketAddr::from(([127, 0, 0, 1], 0));
        let options = ConnectOptions::default().local_addr(local);
        let (transport, _) = scene
            .create_connection(|| recorder, listener.local_addr()?, options)
            .await?;
        let (_, client) = listener.accept()?;
        assert_eq!(client.ip(), local.ip());
        let own = transport.sockname().and_then(|name| name.as_inet());
        assert_eq!(own, Some(client));
        Ok(())
    })
}

fn a_local_address_of_another_family_leaves_nothing(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (addresses, _kept) = sockets::reserved(1)?;
        scene.set_resolver(Rc::new(Fixed(addresses)));
        let local = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 0));
        let error = refused(scene, ConnectOptions::default().local_addr(local)).await?;
        assert!(matches!(error, ConnectError::NoAddress { .. }), "{error}");
        Ok(())
    })
}

fn a_local_address_that_is_taken_is_told(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let taken = sockets::server()?;
        let (addresses, _kept) = sockets::reserved(2)?;
        scene.set_resolver(Rc::new(Fixed(addresses)));
        let options = ConnectOptions::default().local_addr(taken.local_addr()?);
        let error = refused(scene, options).await?;
        let ConnectError::Attempts(attempts) = error else {
            return Err(Stop::failed(error));
        };
        let kinds: Vec<_> = attempts.iter().map(|it| it.error.kind()).collect();
        assert_eq!(kinds, [ErrorKind::AddrInUse; 2]);
        Ok(())
    })
}

fn addresses_in_numbers_are_not_looked_up(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        scene.set_resolver(Rc::new(Script(|| Err(ErrorKind::NotFound.into()))));
        let (addresses, _kept) = sockets::reserved(1)?;
        let port = addresses[0].port();
        for host in ["127.0.0.1", "::1", "::1%1"] {
            let answer = scene
                .create_connection(
                    || Log::default().recorder(),
                    (host, port),
                    ConnectOptions::default(),
                )
                .await;
            let tried = matches!(&answer, Err(ConnectError::Attempts(tried)) if tried.len() == 1);
            assert!(tried, "{host}");
        }
        Ok(())
    })
}

fn a_cancelled_attempt_leaves_nothing(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (busy, _kept) = os::unanswering()?;
        cancelled(scene, busy, 3).await
    })
}

/// Where every listener answers, the attempt is dropped before its answer is seen.
fn a_cancelled_attempt_that_may_be_answered(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let listener = sockets::server()?;
        cancelled(scene, listener.local_addr()?, 0).await
    })
}

/// Drops attempts to connect after so many turns of the loop.
async fn cancelled(scene: &Scene<'_>, address: SocketAddr, turns: usize) -> Outcome {
    // What a process makes once, for all attempts, is made by the first.
    for first in [true, false] {
        let before = os::open_descriptors()?.len();
        {
            let mut call = pin!(scene.create_connection(
                || Log::default().recorder(),
                address,
                ConnectOptions::default(),
            ));
            let mut cx = TaskContext::from_waker(Waker::noop());
            assert!(call.as_mut().poll(&mut cx).is_pending());
            assert_eq!(scene.snapshot().waiters, 1);
            // A backend may have one of its own for it.
            assert!(os::open_descriptors()?.len() > before);
            scene.turns(turns).await;
        }
        assert_eq!(scene.snapshot().waiters, 0);
        assert!(first || os::open_descriptors()?.len() == before);
    }
    Ok(())
}

/// A resolver that never answers.
struct Silent;

impl Resolver for Silent {
    fn resolve(&self, _: &str, _: u16) -> Resolution {
        Box::pin(pending())
    }
}

fn a_cancelled_lookup_leaves_nothing(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        scene.set_resolver(Rc::new(Silent));
        let task = scene.spawn({
            let handle = scene.handle();
            async move {
                let target = ConnectTarget::from(("name.test", 1));
                let factory = || -> crate::harness::recorder::Recorder { panic!("a protocol") };
                let connected = handle
                    .create_connection(factory, target, ConnectOptions::default())
                    .await;
                connected.is_ok()
            }
        });
        scene.turns(3).await;
        task.cancel();
        assert!(task.await.is_err());
        Ok(())
    })
}

fn a_failing_factory_is_the_callers_error(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let listener: TcpListener = sockets::server()?;
        let factory = Box::new(|| Err(BoxError::from("no protocol")));
        let answer = scene
            .create_connection_boxed(
                factory,
                listener.local_addr()?.into(),
                ConnectOptions::default(),
            )
            .await;
        let told =
            matches!(&answer, Err(ConnectError::Factory(why)) if why.to_string() == "no protocol");
        assert!(told);
        let (peer, _) = listener.accept()?;
        assert_eq!(sockets::Reader::of(peer).bytes()?, b"");
        Ok(())
    })
}
