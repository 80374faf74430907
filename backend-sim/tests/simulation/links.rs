//! What connections are like.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use loopline_backend_sim::{Link, Reads, Simulation};
use loopline_core::{ConnectOptions, EventLoopExt, Flow, ServerOptions};

use crate::{Call, Fallible, Log, server, within};

const LATENCY: Duration = Duration::from_millis(40);

fn slow() -> Link {
    let mut link = Link::default();
    link.latency = LATENCY;
    link
}

#[test]
fn bytes_arrive_after_the_latency_exactly() -> Fallible {
    let sim = Simulation::new();
    sim.set_link(slow());
    within(&sim, async |sim, event_loop| {
        let listener = sim.listen(server())?;
        let log = Log::default();
        let protocol = log.clone();
        let options = ConnectOptions::default();
        let (transport, _) = event_loop
            .create_connection(|| protocol, server(), options)
            .await?;
        assert_eq!(sim.elapsed(), 2 * LATENCY, "there and back");
        let peer = listener.accept().await;
        transport.write(b"ping")?;
        let mut got = [0; 4];
        peer.read_exact(&mut got).await?;
        assert_eq!((&got, sim.elapsed()), (b"ping", 3 * LATENCY));
        peer.write_all(b"pong").await?;
        event_loop.sleep(LATENCY - Duration::from_nanos(1)).await;
        assert_eq!(log.calls(), []);
        event_loop.sleep(Duration::from_nanos(1)).await;
        assert_eq!(log.data(), b"pong");
        transport.abort();
        Ok(())
    })
}

#[test]
fn a_link_has_its_bandwidth() -> Fallible {
    let sim = Simulation::new();
    let mut link = slow();
    link.bandwidth = NonZeroU64::new(1000);
    sim.set_link_to(server(), link);
    within(&sim, async |sim, _| {
        let listener = sim.listen(server())?;
        let peer = sim.connect(server()).await?;
        let accepted = listener.accept().await;
        let begin = sim.elapsed();
        peer.write_all(&[1; 500]).await?;
        peer.write_all(&[2; 500]).await?;
        peer.shutdown_write()?;
        let mut first = [0; 500];
        accepted.read_exact(&mut first).await?;
        let half = Duration::from_millis(500);
        assert_eq!(sim.elapsed() - begin, half + LATENCY);
        assert_eq!(accepted.read_to_end().await?, [2; 500]);
        assert_eq!(sim.elapsed() - begin, 2 * half + LATENCY);
        Ok(())
    })
}

#[test]
fn a_small_buffer_pauses_the_writer() -> Fallible {
    let sim = Simulation::new();
    let mut narrow = Link::default();
    narrow.buffer = 10;
    sim.set_link(narrow);
    within(&sim, async |sim, event_loop| {
        let log = Log::default();
        let listener = sim.listen(server())?;
        let protocol = log.clone();
        let options = ConnectOptions::default();
        let (transport, _) = event_loop
            .create_connection(|| protocol, server(), options)
            .await?;
        transport.set_write_buffer_limits(Some(20), Some(5))?;
        assert_eq!(transport.write(&[1; 30])?, Flow::Open);
        assert_eq!(transport.write_buffer_size(), 20);
        assert_eq!(transport.write(&[2; 1])?, Flow::Full);
        let peer = listener.accept().await;
        let mut some = [0; 16];
        peer.read_exact(&mut some).await?;
        event_loop.sleep(Duration::ZERO).await;
        assert_eq!(log.calls(), [Call::Paused, Call::Resumed]);
        assert_eq!(transport.write_buffer_size(), 5);
        transport.close();
        let mut rest = vec![1; 14];
        rest.push(2);
        assert_eq!(peer.read_to_end().await?, rest);
        Ok(())
    })
}

#[test]
fn reads_end_where_they_are_told_to() -> Fallible {
    let of = |count| NonZeroUsize::new(count).expect("more than 0");
    for (reads, expected) in [
        (Reads::Joined, vec![10]),
        (Reads::AsSent, vec![3, 7]),
        (Reads::Of(of(4)), vec![4, 4, 2]),
    ] {
        let sim = Simulation::new();
        let mut link = Link::default();
        link.reads = reads;
        sim.set_link(link);
        let log = Log::default();
        let protocol = log.clone();
        within(&sim, async move |sim, event_loop| {
            let mut protocol = Some(protocol);
            let factory = move || protocol.take().unwrap_or_default();
            let options = ServerOptions::default();
            let serving = event_loop.create_server(factory, server(), options).await?;
            let peer = sim.connect(server()).await?;
            peer.write_all(b"123").await?;
            peer.write_all(b"4567890").await?;
            drop(peer);
            event_loop.sleep(Duration::from_secs(1)).await;
            serving.close();
            Ok(())
        })?;
        assert_eq!(log.pieces(), expected, "{reads:?}");
        assert_eq!(log.data(), b"1234567890");
        assert_eq!(log.calls().last(), Some(&Call::Lost(None)));
    }
    Ok(())
}

/// The pieces in which a peer's bytes arrive, and when the last did.
fn arrival(seed: u64) -> Result<(Vec<usize>, Duration), Box<dyn std::error::Error>> {
    let sim = Simulation::with_seed(seed);
    let mut link = slow();
    link.jitter = LATENCY;
    link.reads = Reads::Random(NonZeroUsize::new(50).ok_or("more than 0")?);
    sim.set_link(link);
    let log = Log::default();
    let protocol = log.clone();
    within(&sim, async |sim, event_loop| {
        let listener = sim.listen_anywhere()?;
        let address = listener.address().ok_or("an address")?;
        let options = ConnectOptions::default();
        let connecting = event_loop.create_connection(|| protocol, address, options);
        let (transport, _) = connecting.await?;
        let peer = listener.accept().await;
        for byte in 0..100 {
            peer.write_all(&[byte; 10]).await?;
        }
        drop(peer);
        while !transport.is_closing() {
            event_loop.sleep(Duration::from_micros(1)).await;
        }
        Ok(())
    })?;
    let sent: Vec<u8> = (0..100).flat_map(|byte| [byte; 10]).collect();
    assert_eq!(log.data(), sent, "in order, whatever the seed");
    Ok((log.pieces(), sim.elapsed()))
}

#[test]
fn chance_is_that_of_the_seed() -> Fallible {
    let first = arrival(1)?;
    assert_eq!(arrival(1)?, first);
    assert_ne!(arrival(2)?, first);
    assert!(first.0.iter().all(|size| (1..=50).contains(size)));
    Ok(())
}

#[test]
fn a_link_can_change() -> Fallible {
    within(&Simulation::new(), async |sim, _| {
        let listener = sim.listen(server())?;
        let peer = sim.connect(server()).await?;
        let accepted = listener.accept().await;
        assert_eq!(sim.elapsed(), Duration::ZERO);
        peer.connection().set_link(slow());
        peer.write_all(b"x").await?;
        accepted.read_exact(&mut [0]).await?;
        assert_eq!(sim.elapsed(), LATENCY);
        // What is faster does not overtake what is slower.
        peer.write_all(b"slow").await?;
        peer.connection().set_link(Link::default());
        peer.write_all(b"fast").await?;
        let mut got = [0; 8];
        accepted.read_exact(&mut got).await?;
        assert_eq!((&got, sim.elapsed()), (b"slowfast", 2 * LATENCY));
        Ok(())
    })
}
