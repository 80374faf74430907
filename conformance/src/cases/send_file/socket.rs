//! Sending over a socket that no transport owns.

use std::rc::Rc;

use loopline_core::backend::AsSource;
use loopline_core::{
    EventLoop, EventLoopExt, SendFileErrorKind as Kind, SendFileOptions, WatchError,
};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::origin::Origin;
use crate::harness::recorder::Log;
use crate::harness::scene::{Scene, on_loop};
use crate::harness::stage::{Carrier, End, MUCH, Setting, Way, over};
use crate::harness::{connections, files, os, sockets};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        A17,
        only_streams_are_taken,
        "A socket that is no stream is refused."
    ),
    case!(
        A18,
        a_socket_that_blocks_is_refused,
        "A socket that blocks is refused where the system can tell."
    ),
    case!(
        A20,
        a_socket_in_use_is_refused_at_once,
        "A socket of a transport, of a server, or that is watched is refused before anything is sent."
    ),
    case!(
        A49,
        a_second_file_on_a_socket_is_refused,
        "A second file on a socket is refused, and the first arrives whole."
    ),
    case!(
        A49,
        a_job_in_flight_keeps_its_socket,
        "A socket is free again once a job that was given up has ended, and no sooner."
    ),
    case!(
        A72,
        the_descriptor_belongs_to_the_loop,
        "While a file is on its way its descriptor cannot be watched, and afterwards it can."
    ),
];

async fn refused(scene: &Scene<'_>, socket: &impl AsSource, expected: &str) -> Outcome {
    let origin = Origin::file(b"content")?;
    origin.set_position(3)?;
    let options = SendFileOptions::default();
    let answer = scene
        .sock_sendfile_from(socket, origin.source(), options)
        .await;
    let error = answer.expect_err("it was sent");
    assert_eq!(format!("{:?}", error.kind()), expected);
    assert_eq!((error.sent(), origin.position()?), (0, 3));
    Ok(())
}

fn only_streams_are_taken(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        refused(scene, &sockets::echo()?, "NotStream").await
    })
}

fn a_socket_that_blocks_is_refused(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, theirs) = sockets::pair()?;
        ours.set_nonblocking(false)?;
        if os::TELLS_BLOCKING {
            refused(scene, &ours, "Blocking").await?;
        }
        drop(theirs);
        Ok(())
    })
}

fn a_socket_in_use_is_refused_at_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, theirs) = sockets::pair()?;
        scene.add_reader(&ours, || {})?;
        refused(scene, &ours, "Owned").await?;
        scene.remove_reader(&ours)?;
        let origin = Origin::file(b"content")?;
        let options = SendFileOptions::default();
        let sent = scene.sock_sendfile_from(&ours, origin.source(), options);
        assert_eq!(sent.await?, 7);
        drop((ours, theirs));

        let log = Log::default();
        let (transport, peer) = connections::to_peer(scene, log.recorder()).await?;
        let socket = transport.socket().expect("a transport has a socket");
        let mut copy = None;
        socket.with_source(|source| {
            // The call itself can only be awaited with a source that lives on.
            copy = Some(
                std::pin::pin!(scene.sock_sendfile(
                    source,
                    origin.source(),
                    SendFileOptions::default()
                ))
                .as_mut()
                .poll(&mut std::task::Context::from_waker(std::task::Waker::noop())),
            );
        })?;
        let Some(std::task::Poll::Ready(Err(error))) = copy else {
            panic!("the transport's socket was taken: {copy:?}");
        };
        assert!(matches!(error.kind(), Kind::Owned), "{error}");
        transport.write(b"hello")?;
        let reader = sockets::Reader::of(peer);
        transport.close();
        log.until_lost().await;
        assert_eq!(reader.bytes()?, b"hello");
        Ok(())
    })
}

/// Sockets without a transport.
fn of_sockets(setting: &Setting) -> bool {
    setting.carrier == Carrier::Socket
}

fn a_second_file_on_a_socket_is_refused(context: &Context) -> Outcome {
    over(context, of_sockets, async |stage| {
        let link = stage.link().await?;
        let End::Socket(socket) = &link.end else {
            unreachable!("the setting has no transport");
        };
        let origin = stage.origin(&files::content(MUCH))?;
        let mut sending = stage.send(&link.end, origin.source(), SendFileOptions::default());
        assert!(!stage.scene.ready_within(&mut sending, 10).await?);
        refused(stage.scene, socket, "Owned").await?;
        let reader = link.reader()?;
        assert_eq!(sending.await?, MUCH as u64);
        let second = stage.origin(b"second")?;
        let sent = stage.send(&link.end, second.source(), SendFileOptions::default());
        assert_eq!(sent.await?, 6);
        drop(link);
        assert!(reader.bytes()? == [files::content(MUCH), b"second".to_vec()].concat());
        Ok(())
    })
}

fn a_job_in_flight_keeps_its_socket(context: &Context) -> Outcome {
    let completing = |setting: &Setting| setting.way == Way::Completing && of_sockets(setting);
    over(context, completing, async |stage| {
        for closes in [false, true] {
            let link = stage.link().await?;
            let End::Socket(socket) = &link.end else {
                unreachable!("the setting has no transport");
            };
            stage.hold.held.set(true);
            stage.hold.sends_when_cancelled.set(true);
            let content = files::content(10_000);
            let origin = stage.origin(&content)?;
            let mut sending = stage.send(&link.end, origin.source(), SendFileOptions::default());
            assert!(!stage.scene.ready_within(&mut sending, 3).await?);
            drop(sending);
            refused(stage.scene, socket, "Owned").await?;
            stage.hold.held.set(false);
            let reader = link.reader()?;
            if closes {
                // The number of the descriptor may be another's meanwhile.
                drop(link);
                let other = stage.link().await?;
                stage.settled().await;
                let sent = stage.send(&other.end, origin.source(), SendFileOptions::default());
                assert_eq!(sent.await?, 10_000);
                assert!(other.arrival(10_000).await? == content);
            } else {
                stage.settled().await;
                assert_eq!(origin.position()?, 10_000);
                let sent = stage.send(&link.end, origin.source(), SendFileOptions::default());
                assert_eq!(sent.await?, 10_000);
                drop(link);
            }
            let bytes = reader.bytes()?;
            assert!(bytes.starts_with(&content), "what was in flight is lost");
            assert_eq!(bytes.len(), if closes { 10_000 } else { 20_000 });
            assert_eq!(stage.scene.snapshot().dead_events, 0);
        }
        Ok(())
    })
}

fn the_descriptor_belongs_to_the_loop(context: &Context) -> Outcome {
    over(
        context,
        |_| true,
        async |stage| {
            let link = stage.link().await?;
            let origin = stage.origin(&files::content(MUCH))?;
            let mut sending = stage.send(&link.end, origin.source(), SendFileOptions::default());
            assert!(!stage.scene.ready_within(&mut sending, 10).await?);
            let owned = Rc::new(std::cell::Cell::new(0));
            let look = |source: loopline_core::backend::Source<'_>| {
                let reader = stage.scene.add_reader_boxed(source, Box::new(|| Ok(())));
                let writer = stage.scene.add_writer_boxed(source, Box::new(|| Ok(())));
                for answer in [reader, writer] {
                    if matches!(answer, Err(WatchError::Owned { .. })) {
                        owned.set(owned.get() + 1);
                    }
                }
            };
            match &link.end {
                End::Transport(transport) => transport
                    .socket()
                    .expect("a transport has a socket")
                    .with_source(look)?,
                End::Socket(socket) => look(socket.as_source()),
            }
            assert_eq!(owned.get(), 2, "it could be watched");
            let reader = link.reader()?;
            assert_eq!(sending.await?, MUCH as u64);
            if let End::Socket(socket) = &link.end {
                stage.scene.add_writer(socket, || {})?;
                assert!(stage.scene.remove_writer(&socket)?);
            }
            link.close().await;
            assert!(reader.bytes()? == files::content(MUCH));
            Ok(())
        },
    )
}
