//! How much is buffered, and who is slowed down.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;

use loopline::prelude::*;

use crate::harness::{Failure, contexts, on_loop, once, over, settle};

/// Writes until the kernel takes no more.
fn fill(peer: &mut UnixStream) -> Result<usize, Failure> {
    peer.set_nonblocking(true)?;
    let mut written = 0;
    loop {
        match peer.write(&[7; 4096]) {
            Ok(count) => written += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(written),
            Err(error) => return Err(error.into()),
        }
    }
}

#[test]
fn what_nobody_reads_is_not_read_beyond_the_limit() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        for limit in [1, 1000, 64 * 1024] {
            let (ours, mut peer) = UnixStream::pair()?;
            let mut ours = over(event_loop, ours).await?;
            ours.set_limit(limit);
            let mut sent = fill(&mut peer)?;
            settle(event_loop).await;
            // The kernel has room for what the stream took, and not for more.
            sent += fill(&mut peer)?;
            settle(event_loop).await;
            assert!(!ours.transport().is_reading());
            let unread = ours.take_unread().len();
            assert_eq!(unread, limit);
            // Nothing is lost when reading goes on.
            let rest = ours.read_exact(sent - unread).await?;
            assert!(rest.iter().all(|byte| *byte == 7));
        }
        Ok(())
    })
}

#[test]
fn what_was_lent_out_counts_until_it_is_consumed() -> Result<(), Failure> {
    use futures::AsyncBufReadExt;

    on_loop(async |event_loop| {
        let (ours, mut peer) = UnixStream::pair()?;
        let mut ours = over(event_loop, ours).await?;
        ours.set_limit(1000);
        fill(&mut peer)?;
        assert_eq!(ours.fill_buf().await?.len(), 1000);
        settle(event_loop).await;
        assert_eq!(ours.take_unread().len(), 1000, "nothing more was read");
        assert_eq!(ours.fill_buf().await?.len(), 1000);
        futures::AsyncBufRead::consume(std::pin::Pin::new(&mut ours), 400);
        settle(event_loop).await;
        assert_eq!(ours.fill_buf().await?.len(), 600, "it was lent out before");
        assert!(ours.take_unread().len() <= 1000);
        Ok(())
    })
}

#[test]
fn what_the_peer_does_not_read_waits_within_the_limit() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        for limit in [1, 1000, 64 * 1024] {
            let (ours, mut peer) = UnixStream::pair()?;
            let mut ours = over(event_loop, ours).await?;
            ours.set_limit(limit);
            let much = vec![7; 4 * 1024 * 1024];
            assert!(once(ours.write_all(&much)).await.is_none());
            assert_eq!(ours.transport().write_buffer_size(), limit);
            assert!(once(ours.write_all(b"x")).await.is_none(), "it is full");
            assert_eq!(ours.transport().write_buffer_size(), limit);
            // It goes on when the peer reads.
            let mut buffer = vec![0; 1024 * 1024];
            let mut writing = Box::pin(ours.write_all(b"end"));
            while once(&mut writing).await.is_none() {
                let _ = peer.read(&mut buffer)?;
                settle(event_loop).await;
            }
        }
        Ok(())
    })
}

#[test]
fn flushing_waits_for_the_last_byte() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (ours, mut peer) = UnixStream::pair()?;
        let mut ours = over(event_loop, ours).await?;
        ours.flush().await?;
        let much = vec![7; 4 * 1024 * 1024];
        assert!(once(ours.write_all(&much)).await.is_none());
        let limits = ours.transport().write_buffer_limits();
        assert!(once(ours.flush()).await.is_none());
        let mut buffer = vec![0; 1024 * 1024];
        while once(ours.flush()).await.is_none() {
            let _ = peer.read(&mut buffer)?;
            settle(event_loop).await;
        }
        assert_eq!(ours.transport().write_buffer_size(), 0);
        assert_eq!(ours.transport().write_buffer_limits(), limits);
        // One that was given up does not get into the way of writing.
        assert!(once(ours.write_all(&much)).await.is_none());
        assert!(once(ours.flush()).await.is_none());
        while once(ours.write_all(b"x")).await.is_none() {
            let _ = peer.read(&mut buffer)?;
            settle(event_loop).await;
        }
        assert_eq!(ours.transport().write_buffer_limits(), limits);
        Ok(())
    })
}

#[test]
fn much_in_both_directions_at_once() -> Result<(), Failure> {
    const MUCH: usize = 8 * 1024 * 1024;

    on_loop(async |event_loop| {
        let contexts = contexts()?;
        for tls in [false, true] {
            let (ours, theirs) = UnixStream::pair()?;
            let (mut client, mut server) = (
                over(event_loop, ours).await?,
                over(event_loop, theirs).await?,
            );
            if tls {
                let (context, options) = (contexts.server.clone(), StartTlsOptions::default());
                let upgrading = event_loop.spawn(async move {
                    server
                        .start_tls(&*context, options.server_side(true))
                        .await?;
                    Ok::<_, StartTlsError>(server)
                });
                let options = StartTlsOptions::default().server_hostname("localhost");
                client.start_tls(&*contexts.client, options).await?;
                server = upgrading.await??;
            }
            let mut tasks = Vec::new();
            for stream in [client, server] {
                let (mut reader, mut writer) = stream.into_split();
                tasks.push(event_loop.spawn(async move {
                    let content = vec![9; MUCH];
                    writer.write_all(&content).await?;
                    writer.flush().await.map(|()| (Some(writer), None))
                }));
                tasks.push(event_loop.spawn(async move {
                    let content = reader.read_exact(MUCH).await?;
                    assert!(content.iter().all(|byte| *byte == 9));
                    Ok((None, Some(reader)))
                }));
            }
            let mut ends = Vec::new();
            for task in tasks {
                ends.push(task.await??);
            }
        }
        Ok(())
    })
}
