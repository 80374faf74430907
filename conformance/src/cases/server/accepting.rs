//! Servers: accepting, and what can go wrong meanwhile.

use std::cell::Cell;
use std::net::TcpStream;
use std::rc::Rc;
use std::time::Duration;

use loopline_core::{BindTarget, BoxError, EventLoop, EventLoopExt, ServerOptions, SharedProtocol};

use super::listening::anybody;
use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::connections;
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::{on_loop, through_a_panic};
use crate::harness::{os, sockets};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        D62,
        what_waits_is_accepted_together,
        "Every connection that waits, up to one more than the backlog, is accepted in one turn."
    )
    .needs(Need::UNIX_SOCKETS),
    case!(
        D62,
        a_small_backlog_spreads_accepting,
        "With a backlog of 0 each turn accepts one connection, and all of them in the end."
    ),
    case!(
        D63,
        a_peer_that_has_gone_harms_nobody,
        "A connection that was reset before it was accepted does not keep others from it."
    ),
    case!(
        D64,
        running_out_of_descriptors_is_reported_once,
        "Out of descriptors a listener pauses, reports once over several attempts, and recovers."
    )
    .needs(Need::DESCRIPTOR_LIMITS)
    .isolated(),
    case!(
        D64,
        closing_a_pausing_server_leaves_nothing,
        "A server that is closed while its listener pauses leaves no timer behind."
    )
    .needs(Need::DESCRIPTOR_LIMITS)
    .isolated(),
    case!(
        D64,
        a_server_can_be_closed_when_it_runs_out,
        "A server that the exception handler closes does not try again."
    )
    .needs(Need::DESCRIPTOR_LIMITS)
    .isolated(),
    case!(
        D65,
        a_failing_factory_costs_one_connection,
        "An error of the factory is reported and closes that connection; the next one is served."
    ),
    case!(
        D65,
        a_panicking_factory_costs_one_connection,
        "A panic of the factory closes that connection; when the loop runs again the next is served."
    ),
    case!(
        D65,
        a_failing_connection_made_costs_one_connection,
        "A protocol that fails in `connection_made` ends alone, and `wait_closed` does not miss it."
    ),
];

fn peers(address: std::net::SocketAddr, count: usize) -> Result<Vec<TcpStream>, Stop> {
    let connect = |_| TcpStream::connect(address);
    Ok((0..count).map(connect).collect::<Result<_, _>>()?)
}

fn what_waits_is_accepted_together(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let between = Rc::new(Cell::new(0));
        let (shared, handle, turns) = (log.clone(), scene.handle(), Rc::clone(&between));
        let factory = move || {
            let (handle, turns) = (handle.clone(), Rc::clone(&turns));
            shared.recorder().reacting(move |call, _| {
                if *call == Call::Made {
                    assert_eq!(turns.get(), 0, "another turn had begun");
                    let turns = Rc::clone(&turns);
                    handle.call_soon(move || turns.set(turns.get() + 1))?;
                }
                Ok(())
            })
        };
        // Over Unix sockets, which wait as soon as they are connected.
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("socket");
        let target = BindTarget::unix(&path);
        let _server = scene
            .create_server(factory, target, ServerOptions::default())
            .await?;
        let connect = |_| os::connect_unix(&path);
        let _peers: Vec<_> = (0..10).map(connect).collect::<Result<_, _>>()?;
        log.until(|calls, _| calls.len() == 10).await;
        Ok(())
    })
}

fn a_small_backlog_spreads_accepting(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        // They wait already when the backlog is made small.
        let listener = sockets::server()?;
        let _peers = peers(listener.local_addr()?, 5)?;
        let log = Log::default();
        let between = Rc::new(Cell::new(0));
        let (shared, handle, turns) = (log.clone(), scene.handle(), Rc::clone(&between));
        let mut made = 0;
        let factory = move || {
            assert_eq!(turns.get(), made, "two were accepted in one turn");
            made += 1;
            let turns = Rc::clone(&turns);
            let queued = handle.call_soon(move || turns.set(turns.get() + 1));
            drop(queued);
            shared.recorder()
        };
        let options = ServerOptions::default().backlog(0);
        scene
            .create_server(factory, BindTarget::from(listener), options)
            .await?;
        log.until(|calls, _| calls.len() == 5).await;
        Ok(())
    })
}

fn a_peer_that_has_gone_harms_nobody(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let shared = log.clone();
        let server = scene
            .create_server(
                move || shared.recorder(),
                ("127.0.0.1", 0),
                ServerOptions::default(),
            )
            .await?;
        let address = connections::address_of(&*server)?;
        for _ in 0..3 {
            sockets::reset(TcpStream::connect(address)?)?;
        }
        let mut peer = TcpStream::connect(address)?;
        std::io::Write::write_all(&mut peer, b"served")?;
        log.until_data(6).await;
        assert!(scene.reports().is_empty());
        Ok(())
    })
}

/// More than one pause after a failed accept.
const TWO_ATTEMPTS: Duration = Duration::from_millis(1500);

fn running_out_of_descriptors_is_reported_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let shared = log.clone();
        let server = scene
            .create_server(
                move || shared.recorder(),
                ("127.0.0.1", 0),
                ServerOptions::default(),
            )
            .await?;
        let _peers = peers(connections::address_of(&*server)?, 3)?;
        let exhausted = os::exhaust_descriptors()?;
        let mut reports = scene.reported().await;
        scene.sleep(TWO_ATTEMPTS).await;
        reports.extend(scene.reports());
        drop(exhausted);
        assert_eq!(reports.len(), 1, "{reports:?}");
        assert!(log.calls().is_empty());
        assert!(server.is_serving());
        log.until(|calls, _| calls.len() == 3).await;
        assert!(scene.reports().is_empty());
        // The next time is another time.
        let _another = peers(connections::address_of(&*server)?, 1)?;
        let exhausted = os::exhaust_descriptors()?;
        let reports = scene.reported().await;
        drop(exhausted);
        assert_eq!(reports.len(), 1, "{reports:?}");
        server.close();
        Ok(())
    })
}

fn closing_a_pausing_server_leaves_nothing(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let server = scene
            .create_server(anybody, ("127.0.0.1", 0), ServerOptions::default())
            .await?;
        let _peers = peers(connections::address_of(&*server)?, 1)?;
        let exhausted = os::exhaust_descriptors()?;
        let reports = scene.reported().await;
        drop(exhausted);
        assert_eq!(reports.len(), 1);
        assert_eq!(scene.snapshot().timers, 1);
        server.close();
        let left = scene.snapshot();
        assert_eq!((left.timers, left.listeners), (0, 0));
        server.wait_closed().await;
        Ok(())
    })
}

fn a_server_can_be_closed_when_it_runs_out(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let server = scene
            .create_server(anybody, ("127.0.0.1", 0), ServerOptions::default())
            .await?;
        let _peers = peers(connections::address_of(&*server)?, 1)?;
        let told = Rc::new(Cell::new(0));
        let (closing, counter) = (Rc::clone(&server), Rc::clone(&told));
        scene.set_exception_handler(Some(Rc::new(move |_| {
            counter.set(counter.get() + 1);
            closing.close();
        })));
        let exhausted = os::exhaust_descriptors()?;
        while told.get() == 0 {
            scene.turns(1).await;
        }
        scene.turns(3).await;
        drop(exhausted);
        scene.set_exception_handler(None);
        assert_eq!(told.get(), 1);
        let left = scene.snapshot();
        assert_eq!((left.timers, left.listeners), (0, 0));
        Ok(())
    })
}

fn a_failing_factory_costs_one_connection(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let shared = log.clone();
        let mut first = true;
        let factory = Box::new(move || {
            if std::mem::take(&mut first) {
                return Err(BoxError::from("no protocol"));
            }
            let protocol = std::cell::RefCell::new(shared.recorder());
            Ok(Rc::new(protocol) as SharedProtocol)
        });
        let target = BindTarget::from(("127.0.0.1", 0));
        let server = scene
            .create_server_boxed(factory, target, ServerOptions::default())
            .await?;
        let address = connections::address_of(&*server)?;
        let refused = TcpStream::connect(address)?;
        let reports = scene.reported().await;
        assert_eq!(sockets::Reader::of(refused).bytes()?, b"");
        let _served = TcpStream::connect(address)?;
        log.until(|calls, _| !calls.is_empty()).await;
        assert_eq!(reports.len(), 1);
        assert!(reports[0].text.contains("no protocol"), "{reports:?}");
        Ok(())
    })
}

fn a_panicking_factory_costs_one_connection(context: &Context) -> Outcome {
    let log = Log::default();
    let listener = sockets::server()?;
    let address = listener.local_addr()?;
    let refused = TcpStream::connect(address)?;
    let shared = log.clone();
    through_a_panic(
        context,
        async move |scene| {
            let mut first = true;
            let factory = move || {
                assert!(!std::mem::take(&mut first), "as the case wants it");
                shared.recorder()
            };
            scene
                .create_server(factory, listener, ServerOptions::default())
                .await?;
            std::future::pending().await
        },
        async move |_| {
            let served = TcpStream::connect(address)?;
            log.until(|calls, _| !calls.is_empty()).await;
            assert_eq!(sockets::Reader::of(refused).bytes()?, b"");
            drop(served);
            assert_eq!(log.until_lost().await, None);
            Ok(())
        },
    )
}

fn a_failing_connection_made_costs_one_connection(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let logs = [Log::default(), Log::default()];
        let mut order = vec![logs[1].recorder()];
        let failing = logs[0].recorder().reacting(|call, _| match call {
            Call::Made => Err("broken".into()),
            _ => Ok(()),
        });
        order.push(failing);
        let factory = move || order.pop().unwrap_or_else(anybody);
        let server = scene
            .create_server(factory, ("127.0.0.1", 0), ServerOptions::default())
            .await?;
        let mut peers = peers(connections::address_of(&*server)?, 2)?;
        assert!(logs[0].until_lost().await.is_some());
        logs[1].until(|calls, _| !calls.is_empty()).await;
        assert_eq!(scene.reports().len(), 1);
        server.close();
        peers.clear();
        server.wait_closed().await;
        assert_eq!(logs[1].until_lost().await, None);
        Ok(())
    })
}
