//! Servers: starting, ending, and their connections.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context as TaskContext, Waker};

use loopline_core::{EventLoop, EventLoopExt, Server, ServerOptions};

use super::listening::anybody;
use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::connections;
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::{Scene, on_loop};
use crate::harness::sockets::Reader;
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        E28,
        a_server_can_start_later,
        "Without `start_serving` the address is taken and nobody is served, until it is started."
    ),
    case!(
        E28,
        starting_twice_is_starting_once,
        "`start_serving` again does nothing, and after close it is an error."
    ),
    case!(
        E28,
        serve_forever_runs_once,
        "A second future of `serve_forever` is refused, and so is one of a closed server."
    ),
    case!(
        E28,
        dropping_serve_forever_closes_the_server,
        "When the future of `serve_forever` is dropped the server is closed."
    ),
    case!(
        E28,
        serve_forever_ends_with_the_server,
        "`serve_forever` ends when the server is closed."
    ),
    case!(
        E29,
        closing_leaves_connections_alone,
        "Closing a server ends no connection."
    ),
    case!(
        E29,
        a_closed_server_is_gone_at_once,
        "After close nobody gets through, there are no sockets, and closing again does nothing."
    ),
    case!(
        E29,
        a_server_can_be_closed_from_its_factory,
        "A server that is closed while it accepts is closed."
    ),
    case!(
        E30,
        wait_closed_waits_for_close_and_the_last_connection,
        "`wait_closed` ends when the server is closed and its last connection lost, in any order."
    ),
    case!(
        E30,
        a_server_that_is_over_is_not_waited_for,
        "`wait_closed` on a server without connections ends at once when it is closed."
    ),
    case!(
        E30,
        lost_comes_before_wait_closed_ends,
        "When `wait_closed` ends, `connection_lost` of every connection has been called."
    ),
    case!(
        E31,
        close_clients_sends_what_is_queued,
        "`close_clients` ends every connection once its queue has left."
    ),
    case!(
        E31,
        abort_clients_ends_connections_at_once,
        "`abort_clients` ends every connection, also those whose peers take nothing."
    ),
    case!(
        E31,
        ending_clients_spares_others,
        "Ending the connections of a server leaves it serving, and other servers' connections alone."
    ),
];

/// A server that logs one connection after the other, and its address.
async fn serving(
    scene: &Scene<'_>,
    logs: &[Log],
) -> Result<(Rc<dyn Server>, std::net::SocketAddr), Stop> {
    let mut logs: Vec<_> = logs.iter().rev().cloned().collect();
    let factory = move || logs.pop().unwrap_or_default().recorder();
    let server = scene
        .create_server(factory, ("127.0.0.1", 0), ServerOptions::default())
        .await?;
    let address = connections::address_of(&*server)?;
    Ok((server, address))
}

async fn made(log: &Log) {
    log.until(|calls, _| !calls.is_empty()).await;
}

/// Polls a future once, and answers whether it is ready.
fn is_ready(future: impl Future) -> bool {
    let mut cx = TaskContext::from_waker(Waker::noop());
    pin!(future).poll(&mut cx).is_ready()
}

fn a_server_can_start_later(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let shared = log.clone();
        let options = ServerOptions::default().start_serving(false);
        let server = scene
            .create_server(move || shared.recorder(), ("127.0.0.1", 0), options)
            .await?;
        let address = connections::address_of(&*server)?;
        assert!(!server.is_serving());
        assert!(TcpStream::connect(address).is_err());
        server.start_serving()?;
        assert!(server.is_serving());
        let _peer = TcpStream::connect(address)?;
        made(&log).await;
        Ok(())
    })
}

fn starting_twice_is_starting_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (server, address) = serving(scene, std::slice::from_ref(&log)).await?;
        server.start_serving()?;
        server.start_serving()?;
        let _peer = TcpStream::connect(address)?;
        made(&log).await;
        server.close();
        let answer = server.start_serving().map_err(|error| error.kind());
        assert_eq!(answer, Err(ErrorKind::NotConnected));
        assert!(!server.is_serving());
        Ok(())
    })
}

fn serve_forever_runs_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (server, _) = serving(scene, &[]).await?;
        {
            let mut first = pin!(server.serve_forever());
            let mut cx = TaskContext::from_waker(Waker::noop());
            assert!(first.as_mut().poll(&mut cx).is_pending());
            let answer = server.serve_forever().await.map_err(|error| error.kind());
            assert_eq!(answer, Err(ErrorKind::AlreadyExists));
            assert!(server.is_serving());
        }
        let answer = server.serve_forever().await.map_err(|error| error.kind());
        assert_eq!(answer, Err(ErrorKind::NotConnected));
        Ok(())
    })
}

fn dropping_serve_forever_closes_the_server(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (server, address) = serving(scene, std::slice::from_ref(&log)).await?;
        let task = scene.spawn({
            let server = Rc::clone(&server);
            async move { server.serve_forever().await.is_ok() }
        });
        let mut peer = TcpStream::connect(address)?;
        made(&log).await;
        task.cancel();
        assert!(task.await.is_err());
        assert!(!server.is_serving() && server.sockets().is_empty());
        assert!(TcpStream::connect(address).is_err());
        peer.write_all(b"still here")?;
        log.until_data(10).await;
        Ok(())
    })
}

fn serve_forever_ends_with_the_server(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (server, _) = serving(scene, &[]).await?;
        let closing = Rc::clone(&server);
        scene.call_soon(move || closing.close())?;
        server.serve_forever().await?;
        assert!(!server.is_serving());
        Ok(())
    })
}

fn closing_leaves_connections_alone(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, theirs) = (Log::default(), Log::default());
        let (client, server) =
            connections::within(scene, ours.recorder(), theirs.recorder()).await?;
        client.write(b"still here")?;
        theirs.until_data(10).await;
        assert!(!server.is_closing());
        Ok(())
    })
}

fn a_closed_server_is_gone_at_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (server, address) = serving(scene, std::slice::from_ref(&log)).await?;
        assert_eq!(server.sockets().len(), 1);
        // It waits to be accepted, and is not.
        let waiting = TcpStream::connect(address)?;
        server.close();
        server.close();
        assert!(server.sockets().is_empty());
        assert!(TcpStream::connect(address).is_err());
        drop(waiting);
        scene.turns(3).await;
        assert!(log.calls().is_empty());
        Ok(())
    })
}

fn a_server_can_be_closed_from_its_factory(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let place: Rc<RefCell<Option<Rc<dyn Server>>>> = Rc::default();
        let (shared, inner) = (log.clone(), Rc::clone(&place));
        let factory = move || {
            let server = inner.take();
            server.inspect(|server| server.close());
            shared.recorder()
        };
        let server = scene
            .create_server(factory, ("127.0.0.1", 0), ServerOptions::default())
            .await?;
        let address = connections::address_of(&*server)?;
        let _peers = [TcpStream::connect(address)?, TcpStream::connect(address)?];
        place.replace(Some(Rc::clone(&server)));
        made(&log).await;
        scene.turns(3).await;
        assert_eq!(log.count(|call| *call == Call::Made), 1);
        assert!(server.sockets().is_empty());
        server.abort_clients();
        server.wait_closed().await;
        Ok(())
    })
}

fn wait_closed_waits_for_close_and_the_last_connection(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for close_first in [true, false] {
            let logs = [Log::default(), Log::default()];
            let (server, address) = serving(scene, &logs).await?;
            let one = TcpStream::connect(address)?;
            made(&logs[0]).await;
            let other = TcpStream::connect(address)?;
            made(&logs[1]).await;
            let over = Rc::new(Cell::new(false));
            let task = scene.spawn({
                let (server, over) = (Rc::clone(&server), Rc::clone(&over));
                async move {
                    server.wait_closed().await;
                    over.set(true);
                }
            });
            if close_first {
                server.close();
            }
            drop(one);
            logs[0].until_lost().await;
            scene.turns(3).await;
            assert!(!over.get());
            drop(other);
            logs[1].until_lost().await;
            if !close_first {
                scene.turns(3).await;
                assert!(!over.get());
                server.close();
            }
            assert!(task.await.is_ok() && over.get());
            assert!(is_ready(server.wait_closed()));
        }
        Ok(())
    })
}

fn a_server_that_is_over_is_not_waited_for(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (server, _) = serving(scene, &[]).await?;
        assert!(!is_ready(server.wait_closed()));
        server.close();
        assert!(is_ready(server.wait_closed()));
        let options = ServerOptions::default().start_serving(false);
        let never = scene
            .create_server(anybody, ("127.0.0.1", 0), options)
            .await?;
        assert!(!is_ready(never.wait_closed()));
        never.close();
        assert!(is_ready(never.wait_closed()));
        Ok(())
    })
}

fn lost_comes_before_wait_closed_ends(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let logs = [Log::default(), Log::default(), Log::default()];
        let (server, address) = serving(scene, &logs).await?;
        let _peers: Vec<_> = (0..3)
            .map(|_| TcpStream::connect(address))
            .collect::<Result<_, _>>()?;
        made(&logs[2]).await;
        server.close();
        server.close_clients();
        server.wait_closed().await;
        for log in logs {
            assert_eq!(log.calls(), [Call::Made, Call::Lost(None)]);
        }
        assert_eq!(scene.snapshot().transports, 0);
        Ok(())
    })
}

/// A server with one connection whose queue is full, and its peer.
async fn with_full_client(
    scene: &Scene<'_>,
    log: &Log,
) -> Result<(Rc<dyn Server>, TcpStream, usize), Stop> {
    let (server, address) = serving(scene, std::slice::from_ref(log)).await?;
    let peer = TcpStream::connect(address)?;
    made(log).await;
    let transport = log.transport();
    let transport = transport.ok_or_else(|| Stop::failed("no transport"))?;
    // More than the kernel may ever hold for it.
    let written = 32 << 20;
    transport.write(&vec![0; written])?;
    assert!(transport.write_buffer_size() > 0);
    Ok((server, peer, written))
}

fn close_clients_sends_what_is_queued(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (server, peer, written) = with_full_client(scene, &log).await?;
        server.close_clients();
        scene.turns(3).await;
        assert_eq!(log.count(|call| matches!(call, Call::Lost(_))), 0);
        let reader = Reader::of(peer);
        assert_eq!(log.until_lost().await, None);
        assert_eq!(reader.bytes()?.len(), written);
        Ok(())
    })
}

fn abort_clients_ends_connections_at_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (server, _peer, _) = with_full_client(scene, &log).await?;
        server.close_clients();
        server.abort_clients();
        assert_eq!(log.until_lost().await, None);
        server.close();
        server.wait_closed().await;
        Ok(())
    })
}

fn ending_clients_spares_others(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (one, other) = (Log::default(), Log::default());
        let (server, address) = serving(scene, &[one.clone(), Log::default()]).await?;
        let (_others, other_address) = serving(scene, std::slice::from_ref(&other)).await?;
        let _peer = TcpStream::connect(address)?;
        let mut other_peer = TcpStream::connect(other_address)?;
        made(&one).await;
        made(&other).await;
        server.abort_clients();
        one.until_lost().await;
        other_peer.write_all(b"fine")?;
        other.until_data(4).await;
        assert!(server.is_serving());
        let _again = TcpStream::connect(address)?;
        while scene.snapshot().transports < 2 {
            scene.turns(1).await;
        }
        Ok(())
    })
}
