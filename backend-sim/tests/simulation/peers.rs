//! Both ends in the hands of a test.

use std::io::ErrorKind;
use std::time::Duration;

use loopline_backend_sim::{Link, Simulation};
use loopline_core::EventLoopExt;

use crate::{Fallible, server, within};

#[test]
fn peers_wait_for_each_other() -> Fallible {
    let sim = Simulation::new();
    let mut narrow = Link::default();
    narrow.buffer = 7;
    narrow.latency = Duration::from_millis(1);
    sim.set_link(narrow);
    within(&sim, async |sim, event_loop| {
        let listener = sim.listen(server())?;
        let content: Vec<u8> = (0..=255).collect();
        let (other, sent) = (sim.clone(), content.clone());
        let writer = event_loop.spawn(async move {
            let peer = other.connect(server()).await?;
            peer.write_all(&sent).await?;
            peer.shutdown_write()?;
            peer.read_to_end().await
        });
        let peer = listener.accept().await;
        assert_eq!(peer.read_to_end().await?, content);
        peer.write_all(b"all of it").await?;
        drop(peer);
        assert_eq!(writer.await??, b"all of it");
        Ok(())
    })
}

#[test]
fn what_is_missing_is_an_error() -> Fallible {
    within(&Simulation::new(), async |sim, _| {
        let listener = sim.listen(server())?;
        let peer = sim.connect(server()).await?;
        let accepted = listener.accept().await;
        accepted.write_all(b"thr").await?;
        assert_eq!(peer.read_arrived()?, b"thr");
        assert_eq!(peer.read_arrived()?, b"");
        drop(accepted);
        let missing = peer.read_exact(&mut [0; 4]).await;
        assert_eq!(
            missing.err().map(|error| error.kind()),
            Some(ErrorKind::UnexpectedEof)
        );
        Ok(())
    })
}

#[test]
fn a_listener_without_a_backlog_takes_everyone() -> Fallible {
    within(&Simulation::new(), async |sim, _| {
        let listener = sim.listen_anywhere()?;
        let address = listener.address().ok_or("an address")?;
        let mut peers = Vec::new();
        for _ in 0..2000 {
            peers.push(sim.connect(address).await?);
        }
        assert_eq!(sim.connections().len(), 2000);
        for _ in &peers {
            listener.accept().await;
        }
        assert_eq!(sim.elapsed(), Duration::ZERO);
        Ok(())
    })
}
