//! Protocols that panic, and what becomes of their connections.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::rc::Rc;

use loopline_core::{EventLoop, EventLoopExt, Protocol, Server, ServerOptions};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::panics::{fail, panics, run_panics};
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::Scene;
use crate::harness::sockets;
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        E15,
        a_panic_in_connection_made_ends_that_connection,
        "A panic of connection_made ends the connection with connection_lost, and the server goes on."
    )
    .on_sockets(),
    case!(
        E15,
        a_panic_in_data_received_ends_that_connection,
        "A panic of data_received ends the connection with an error for connection_lost, and others go on."
    )
    .on_sockets(),
    case!(
        E15,
        a_panic_in_pause_writing_ends_that_connection,
        "A panic of pause_writing ends the connection instead of leaving it paused for ever."
    )
    .on_sockets(),
    case!(
        E15,
        a_panic_in_connection_lost_closes_the_socket,
        "A panic of connection_lost leaves neither socket nor transport behind."
    )
    .on_sockets(),
    case!(
        E15,
        a_panic_of_a_protocol_factory_ends_that_connection,
        "A panic of a protocol factory closes the one connection, and the next is accepted."
    )
    .on_sockets(),
];

fn a_panic_in_connection_made_ends_that_connection(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let logs = [Log::default(), Log::default()];
    let mut next = logs.clone().into_iter();
    let factory = move || {
        let log = next.next().unwrap_or_default();
        let fails = next.len() == 1;
        log.recorder().reacting(move |call, _| {
            if fails && *call == Call::Made {
                fail();
            }
            Ok(())
        })
    };
    let (server, address) = served(&scene, factory)?;
    let mut first = std::net::TcpStream::connect(address)?;
    run_panics(&scene)?;
    let _second = std::net::TcpStream::connect(address)?;
    scene.run_until_complete(async {
        assert!(logs[0].until_lost().await.is_some());
        logs[1].until(|calls, _| calls == [Call::Made]).await;
    })?;
    assert_eq!(logs[0].count(|call| matches!(call, Call::Lost(_))), 1);
    assert_eq!(first.read(&mut [0])?, 0);
    server.close();
    scene.end()
}

fn a_panic_in_data_received_ends_that_connection(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let (broken, whole) = (Log::default(), Log::default());
    let (ours, mut theirs) = sockets::pair()?;
    let (others, mut peer) = sockets::pair()?;
    let failing = broken.recorder().reacting(|call, _| {
        if matches!(call, Call::Data(_)) {
            fail();
        }
        Ok(())
    });
    let echoing = whole.recorder().keep_open();
    scene.run_until_complete(scene.connect_accepted_socket(|| failing, ours))??;
    scene.run_until_complete(scene.connect_accepted_socket(|| echoing, others))??;
    theirs.write_all(b"x")?;
    peer.write_all(b"whole")?;
    peer.shutdown(Shutdown::Write)?;
    run_panics(&scene)?;
    scene.run_until_complete(async {
        assert!(broken.until_lost().await.is_some());
        whole.until(|calls, _| calls.contains(&Call::Eof)).await;
    })?;
    assert_eq!(whole.calls(), [Call::Made, Call::Data(5), Call::Eof]);
    assert_eq!(broken.count(|call| matches!(call, Call::Lost(_))), 1);
    assert_eq!(theirs.read(&mut [0])?, 0);
    scene.end()
}

fn a_panic_in_pause_writing_ends_that_connection(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let log = Log::default();
    let (ours, theirs) = sockets::pair()?;
    let failing = log.recorder().reacting(|call, _| {
        if *call == Call::Pause {
            fail();
        }
        Ok(())
    });
    let (transport, _) =
        scene.run_until_complete(scene.connect_accepted_socket(|| failing, ours))??;
    panics(|| {
        let _ = scene.run_until_complete(async {
            let _ = transport.write(&vec![0; 16 << 20]);
        });
    })?;
    scene.run_until_complete(async {
        assert!(log.until_lost().await.is_some());
    })?;
    drop(theirs);
    scene.end()
}

fn a_panic_in_connection_lost_closes_the_socket(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let log = Log::default();
    let (ours, mut theirs) = sockets::pair()?;
    let failing = log.recorder().reacting(|call, _| {
        if matches!(call, Call::Lost(_)) {
            fail();
        }
        Ok(())
    });
    let (transport, _) =
        scene.run_until_complete(scene.connect_accepted_socket(|| failing, ours))??;
    transport.close();
    run_panics(&scene)?;
    assert_eq!(theirs.read(&mut [0])?, 0);
    assert_eq!(scene.snapshot().transports, 0);
    assert_eq!(log.count(|call| matches!(call, Call::Lost(_))), 1);
    scene.end()
}

fn a_panic_of_a_protocol_factory_ends_that_connection(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let log = Log::default();
    let (inside, mut calls) = (log.clone(), 0);
    let factory = move || {
        calls += 1;
        if calls == 1 {
            fail();
        }
        inside.recorder()
    };
    let (server, address) = served(&scene, factory)?;
    let mut first = std::net::TcpStream::connect(address)?;
    let _second = std::net::TcpStream::connect(address)?;
    run_panics(&scene)?;
    assert_eq!(first.read(&mut [0])?, 0);
    scene.run_until_complete(log.until(|calls, _| calls == [Call::Made]))?;
    server.close();
    scene.end()
}

/// A server on a port that the system has chosen, and where it is.
fn served<P: Protocol>(
    scene: &Scene<'_>,
    factory: impl FnMut() -> P + 'static,
) -> Result<(Rc<dyn Server>, SocketAddr), Stop> {
    let server = scene.run_until_complete(scene.create_server(
        factory,
        ("127.0.0.1", 0),
        ServerOptions::default(),
    ))??;
    let address = server.sockets().first().and_then(|name| name.as_inet());
    let address = address.ok_or_else(|| Stop::failed("no address"))?;
    Ok((server, address))
}
