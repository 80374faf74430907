//! What is done to connections.

use std::io::ErrorKind;
use std::time::Duration;

use loopline_backend_sim::{Fault, Link, Peer, Side, SimConnection, Simulation};
use loopline_core::{ConnectOptions, EventLoopExt, Loop};

use crate::{Call, Fallible, Log, server, within};

const LATENCY: Duration = Duration::from_millis(10);

/// A connection from a loop to a peer: what the loop's protocol is told, the
/// peer, and the connection itself.
async fn connected(
    sim: &Simulation,
    event_loop: &Loop,
) -> Result<(Log, Peer, SimConnection), Box<dyn std::error::Error>> {
    let listener = sim.listen(server())?;
    let log = Log::default();
    let protocol = log.clone();
    let options = ConnectOptions::default();
    let connecting = event_loop.create_connection(|| protocol, server(), options);
    connecting.await?;
    let connection = sim.connections().pop().ok_or("there is one")?;
    Ok((log, listener.accept().await, connection))
}

#[test]
fn a_reset_meets_both_ends() -> Fallible {
    within(&Simulation::new(), async |sim, event_loop| {
        let (log, peer, connection) = connected(sim, event_loop).await?;
        assert!(connection.is_open(Side::Client) && connection.is_open(Side::Server));
        connection.reset();
        event_loop.sleep(Duration::from_secs(1)).await;
        assert_eq!(log.calls(), [Call::Lost(Some(ErrorKind::ConnectionReset))]);
        let met = peer.read(&mut [0]).await.map_err(|error| error.kind());
        assert_eq!(met, Err(ErrorKind::ConnectionReset));
        assert!(!connection.is_open(Side::Client) && !connection.is_open(Side::Server));
        drop(peer);
        event_loop.sleep(Duration::from_secs(1)).await;
        assert!(sim.connections().is_empty());
        Ok(())
    })
}

#[test]
fn a_peer_resets_its_own_end() -> Fallible {
    within(&Simulation::new(), async |sim, event_loop| {
        let (log, peer, _) = connected(sim, event_loop).await?;
        peer.write_all(b"data").await?;
        peer.reset();
        event_loop.sleep(Duration::from_secs(1)).await;
        let reset = Call::Lost(Some(ErrorKind::ConnectionReset));
        assert_eq!(log.calls(), [Call::Data(b"data".to_vec()), reset]);
        Ok(())
    })
}

#[test]
fn what_is_held_arrives_later() -> Fallible {
    let sim = Simulation::new();
    let mut link = Link::default();
    link.latency = LATENCY;
    sim.set_link(link);
    within(&sim, async |sim, event_loop| {
        let (log, peer, connection) = connected(sim, event_loop).await?;
        connection.hold();
        peer.write_all(b"one").await?;
        event_loop.sleep(10 * LATENCY).await;
        peer.write_all(b"two").await?;
        event_loop.sleep(LATENCY / 2).await;
        assert_eq!(log.calls(), []);
        connection.resume();
        event_loop.sleep(Duration::ZERO).await;
        assert_eq!(log.data(), b"one", "what is due");
        event_loop.sleep(LATENCY / 2).await;
        assert_eq!(log.data(), b"onetwo");
        Ok(())
    })
}

#[test]
fn faults_meet_the_stream_where_they_were_put() -> Fallible {
    let reset = Call::Lost(Some(ErrorKind::ConnectionReset));
    for (fault, end) in [
        (Fault::Reset, vec![reset]),
        (Fault::End, vec![Call::Eof, Call::Lost(None)]),
        (Fault::Silence, vec![]),
    ] {
        within(&Simulation::new(), async |sim, event_loop| {
            let (log, peer, connection) = connected(sim, event_loop).await?;
            connection.fault(Side::Server, 6, fault);
            peer.write_all(b"four").await?;
            event_loop.sleep(Duration::from_secs(1)).await;
            assert_eq!(log.calls(), [Call::Data(b"four".to_vec())]);
            // Its own errors are those of the fault.
            let _ = peer.write_all(b"and more").await;
            event_loop.sleep(Duration::from_secs(1)).await;
            assert_eq!(log.data(), b"fouran", "{fault:?}");
            assert_eq!(log.calls()[2..], end, "{fault:?}");
            Ok(())
        })?;
    }
    Ok(())
}

#[test]
fn a_fault_in_the_past_is_one_at_once() -> Fallible {
    within(&Simulation::new(), async |sim, event_loop| {
        let (log, peer, connection) = connected(sim, event_loop).await?;
        peer.write_all(b"past").await?;
        connection.fault(Side::Server, 2, Fault::End);
        event_loop.sleep(Duration::from_secs(1)).await;
        let calls = [Call::Data(b"past".to_vec()), Call::Eof, Call::Lost(None)];
        assert_eq!(log.calls(), calls);
        Ok(())
    })
}

#[test]
fn silence_fills_the_buffer() -> Fallible {
    let sim = Simulation::new();
    let mut link = Link::default();
    link.buffer = 100;
    sim.set_link(link);
    within(&sim, async |sim, event_loop| {
        let (_, peer, connection) = connected(sim, event_loop).await?;
        connection.fault(Side::Server, 0, Fault::Silence);
        peer.write_all(&[0; 100]).await?;
        let minute = Duration::from_secs(60);
        let more = event_loop.timeout(minute, peer.write_all(b"x"));
        assert!(more.await.is_err(), "it was taken");
        assert_eq!(sim.elapsed(), minute);
        Ok(())
    })
}

#[test]
fn no_read_goes_across_a_cut() -> Fallible {
    within(&Simulation::new(), async |sim, event_loop| {
        let (log, peer, connection) = connected(sim, event_loop).await?;
        connection.cut(Side::Server, [1, 5, 6]);
        peer.write_all(b"0123456789").await?;
        event_loop.sleep(Duration::from_secs(1)).await;
        assert_eq!(log.pieces(), [1, 4, 1, 4]);
        assert_eq!(log.data(), b"0123456789");
        assert_eq!(
            (connection.sent(Side::Server), connection.read(Side::Client)),
            (10, 10)
        );
        Ok(())
    })
}
