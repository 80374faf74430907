//! Connecting to several addresses at once.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use loopline_core::{ConnectError, ConnectOptions, EventLoop, EventLoopExt};

use super::connecting::{Fixed, refused};
use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::recorder::Log;
use crate::harness::scene::on_loop;
use crate::harness::{os, sockets};
use crate::verdict::{Outcome, Stop};

/// Longer than any case goes on.
const FOREVER: Duration = Duration::from_secs(3600);

pub(super) const CASES: &[Case] = &[
    case!(
        E23,
        a_silent_address_does_not_hold_the_next_up,
        "With a delay the next address is tried beside one that does not answer, which is given up."
    )
    .needs(Need::FULL_LISTENERS),
    case!(
        E23,
        a_refusal_does_not_wait_for_the_delay,
        "The next address is tried as soon as one is refused, however long the delay is."
    ),
    case!(
        E23,
        families_alternate,
        "With a delay the families alternate; without one the order is the resolver's."
    ),
    case!(
        E23,
        when_all_fail_all_are_told,
        "When every attempt of a race fails all are told, in the order in which they began."
    ),
    case!(
        E23,
        the_callers_limit_ends_a_race,
        "A race that nobody wins ends with the caller's patience, and leaves nothing behind."
    )
    .needs(Need::FULL_LISTENERS),
];

fn a_silent_address_does_not_hold_the_next_up(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (silent, _kept) = os::unanswering()?;
        let listener = sockets::server()?;
        scene.set_resolver(Rc::new(Fixed(vec![silent, listener.local_addr()?])));
        let options = ConnectOptions::default().happy_eyeballs_delay(Duration::from_millis(10));
        let log = Log::default();
        let recorder = log.recorder();
        let (transport, _) = scene
            .create_connection(|| recorder, ("name.test", 1), options)
            .await?;
        let peer = transport.peername().and_then(|name| name.as_inet());
        assert_eq!(peer, Some(listener.local_addr()?));
        let left = scene.snapshot();
        assert_eq!((left.waiters, left.timers), (0, 0));
        Ok(())
    })
}

fn a_refusal_does_not_wait_for_the_delay(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let listener = sockets::server()?;
        let (mut addresses, _kept) = sockets::reserved(2)?;
        addresses.push(listener.local_addr()?);
        scene.set_resolver(Rc::new(Fixed(addresses)));
        let options = ConnectOptions::default().happy_eyeballs_delay(FOREVER);
        let log = Log::default();
        let recorder = log.recorder();
        let connected = scene
            .create_connection(|| recorder, ("name.test", 1), options)
            .await;
        assert!(connected.is_ok());
        Ok(())
    })
}

fn families_alternate(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (reserved, _kept) = sockets::reserved(1)?;
        let port = reserved[0].port();
        let four = |last| SocketAddr::from(([127, 0, 0, last], port));
        let six = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], port));
        // Nobody listens there in either family, or has the family at all.
        let addresses = vec![four(1), four(1), six, six];
        scene.set_resolver(Rc::new(Fixed(addresses.clone())));
        let plain = ConnectOptions::default();
        for (options, expected) in [
            (plain.clone(), [true, true, false, false]),
            (
                plain.clone().happy_eyeballs_delay(FOREVER),
                [true, false, true, false],
            ),
            (plain.clone().interleave(1), [true, false, true, false]),
            (plain.clone().interleave(2), [true, true, false, false]),
            (
                plain.happy_eyeballs_delay(FOREVER).interleave(0),
                [true, true, false, false],
            ),
        ] {
            let error = refused(scene, options).await?;
            let ConnectError::Attempts(attempts) = error else {
                return Err(Stop::failed(error));
            };
            let families: Vec<_> = attempts
                .iter()
                .filter_map(|it| Some(it.address.as_inet()?.is_ipv4()))
                .collect();
            assert_eq!(families, expected);
        }
        Ok(())
    })
}

fn when_all_fail_all_are_told(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (addresses, _kept) = sockets::reserved(3)?;
        scene.set_resolver(Rc::new(Fixed(addresses.clone())));
        let options = ConnectOptions::default().happy_eyeballs_delay(Duration::ZERO);
        let error = refused(scene, options).await?;
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let ConnectError::Attempts(attempts) = error else {
            return Err(Stop::failed(error));
        };
        let tried: Vec<_> = attempts
            .iter()
            .filter_map(|it| it.address.as_inet())
            .collect();
        assert_eq!(tried, addresses);
        Ok(())
    })
}

fn the_callers_limit_ends_a_race(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (silent, _kept) = os::unanswering()?;
        scene.set_resolver(Rc::new(Fixed(vec![silent, silent])));
        let options = ConnectOptions::default().happy_eyeballs_delay(Duration::from_millis(1));
        let log = Log::default();
        let recorder = log.recorder();
        let call = scene.create_connection(|| recorder, ("name.test", 1), options);
        assert!(
            scene
                .timeout(Duration::from_millis(50), call)
                .await
                .is_err()
        );
        let left = scene.snapshot();
        assert_eq!((left.waiters, left.timers), (0, 0));
        assert!(log.calls().is_empty());
        Ok(())
    })
}
