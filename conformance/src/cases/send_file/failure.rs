//! Connections that fail or are ended while a file is on its way.

use std::io::ErrorKind;
use std::num::NonZeroU64;
use std::rc::Rc;

use loopline_core::{
    EventLoop, SendFileError, SendFileErrorKind as Kind, SendFileOptions, Transport,
};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::altered::{Altered, Failing, Unreadable};
use crate::harness::elsewhere::elsewhere;
use crate::harness::origin::Origin;
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::{Scene, on_backend};
use crate::harness::stage::{MUCH, Stage, over, over_all, over_transports};
use crate::harness::{connections, files, sockets};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        A34,
        a_lack_leaves_the_position_at_the_offset,
        "A file that cannot be sent without the fallback has its position at the offset."
    ),
    case!(
        A35,
        after_an_error_the_position_is_what_was_sent,
        "After an error of the file the position is behind what was sent, and the connection goes on."
    )
    .needs(Need::SEND_FILE),
    case!(
        A35,
        a_read_that_fails_is_not_made_elsewhere,
        "An error of a file that is read in place ends the call, and no thread tries again."
    ),
    case!(
        A55,
        the_loss_is_told_once,
        "A connection that is lost while a file is on its way tells its protocol so once."
    )
    .over_tls(),
    case!(
        A58,
        nothing_is_told_after_the_loss,
        "No callback comes after connection_lost, not even to a protocol that was told to pause."
    )
    .over_tls(),
    case!(
        A61,
        a_reset_is_an_error_of_the_connection,
        "A peer that resets meanwhile ends the call with an error of the connection, and the transport."
    )
    .over_tls(),
    case!(
        A62,
        a_peer_that_leaves_with_everything_is_no_error,
        "A peer that closes right after the last byte makes no error."
    )
    .over_tls(),
    case!(
        A63,
        a_lost_connection_by_any_name_is_one,
        "Whatever the system calls the loss of a connection is an error of the connection."
    )
    .needs(Need::SEND_FILE),
    case!(
        A64,
        a_reset_at_once_is_no_lack,
        "An error of the connection at the first attempt is one, with or without the fallback."
    )
    .needs(Need::SEND_FILE),
];

/// What a call failed with.
pub(super) fn failure(answer: Result<u64, SendFileError>) -> SendFileError {
    answer.expect_err("the call succeeded")
}

pub(super) fn is_of_the_connection(error: &SendFileError) -> bool {
    matches!(error.kind(), Kind::Connection(_))
}

fn a_lack_leaves_the_position_at_the_offset(context: &Context) -> Outcome {
    over(
        context,
        |setting| !setting.way.is_native(),
        async |stage| {
            let link = stage.link().await?;
            let origin = stage.origin(&files::content(1_000))?;
            let options = SendFileOptions::default().offset(10).fallback(false);
            let error = failure(stage.send(&link.end, origin.source(), options).await);
            assert!(matches!(error.kind(), Kind::NotAvailable), "{error}");
            assert_eq!(origin.position()?, 10);
            link.close().await;
            Ok(())
        },
    )
}

/// Runs over a backend that sends a little a few times and then fails.
fn failing(
    context: &Context,
    calls: u64,
    error: ErrorKind,
    body: impl AsyncFnOnce(&Scene<'_>, Rc<dyn Transport>, sockets::Reader, Log) -> Outcome,
) -> Outcome {
    let alteration = Failing {
        stretch: NonZeroU64::MIN.saturating_add(999),
        calls,
        error,
    };
    let backend = Altered::boxed(context.backend()?, alteration);
    on_backend(context, backend, async |scene| {
        scene
            .context
            .doing(format!("failing with {error} after {calls} calls"));
        let log = Log::default();
        let (transport, peer) = connections::to_peer(scene, log.recorder()).await?;
        body(scene, transport, sockets::Reader::of(peer), log).await
    })
}

fn after_an_error_the_position_is_what_was_sent(context: &Context) -> Outcome {
    for (calls, error) in [
        (0, ErrorKind::Other),
        (3, ErrorKind::Other),
        (3, ErrorKind::Unsupported),
    ] {
        failing(
            context,
            calls,
            error,
            async |scene, transport, reader, log| {
                let content = files::content(10_000);
                let origin = Origin::file(&content)?;
                let options = SendFileOptions::default().offset(5);
                let answer = scene.sendfile(&transport, origin.source(), options).await;
                let error = failure(answer);
                assert!(matches!(error.kind(), Kind::File(_)), "{error}");
                assert_eq!(error.sent(), calls * 1_000);
                assert_eq!(origin.position()?, 5 + calls * 1_000);
                transport.write(b"after")?;
                transport.close();
                assert_eq!(log.until_lost().await, None);
                let end = usize::try_from(5 + calls * 1_000)?;
                assert!(reader.bytes()? == [&content[5..end], b"after"].concat());
                Ok(())
            },
        )?;
    }
    Ok(())
}

fn a_read_that_fails_is_not_made_elsewhere(context: &Context) -> Outcome {
    let backend = Altered::boxed(context.backend()?, Unreadable(ErrorKind::Other));
    on_backend(context, backend, async |scene| {
        let origin = Origin::file(b"content")?;
        let log = Log::default();
        let (transport, peer) = connections::to_peer(scene, log.recorder()).await?;
        let options = SendFileOptions::default().offset(2);
        let error = failure(scene.sendfile(&transport, origin.source(), options).await);
        assert!(matches!(error.kind(), Kind::File(_)), "{error}");
        assert_eq!((error.sent(), error.io_kind()), (0, ErrorKind::Other));
        assert_eq!(origin.position()?, 2);
        transport.write(b"after")?;
        transport.close();
        assert_eq!(log.until_lost().await, None);
        assert_eq!(sockets::Reader::of(peer).bytes()?, b"after");
        Ok(())
    })
}

fn a_lost_connection_by_any_name_is_one(context: &Context) -> Outcome {
    for error in [
        ErrorKind::ConnectionReset,
        ErrorKind::BrokenPipe,
        ErrorKind::NotConnected,
        ErrorKind::ConnectionAborted,
        ErrorKind::TimedOut,
    ] {
        lost_after(context, 2, error, true)?;
    }
    Ok(())
}

fn a_reset_at_once_is_no_lack(context: &Context) -> Outcome {
    for fallback in [true, false] {
        for error in [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe] {
            lost_after(context, 0, error, fallback)?;
        }
    }
    Ok(())
}

fn lost_after(context: &Context, calls: u64, error: ErrorKind, fallback: bool) -> Outcome {
    failing(
        context,
        calls,
        error,
        async |scene, transport, reader, log| {
            let origin = Origin::file(&files::content(10_000))?;
            let options = SendFileOptions::default().fallback(fallback);
            let failed = failure(scene.sendfile(&transport, origin.source(), options).await);
            assert!(is_of_the_connection(&failed), "{failed}");
            assert_eq!(failed.io_kind(), error);
            assert_eq!(failed.sent(), calls * 1_000);
            assert_eq!(origin.position()?, calls * 1_000);
            assert!(transport.is_closing());
            assert_eq!(log.until_lost().await, Some(error));
            assert_eq!(log.calls(), [Call::Made, Call::Lost(Some(error))]);
            reader.bytes()?;
            Ok(())
        },
    )
}

/// The peer resets while a file is on its way to it.
async fn reset_meanwhile(stage: &Stage<'_>) -> Outcome {
    let link = stage.link().await?;
    let origin = stage.origin(&files::content(MUCH))?;
    let reported = Rc::new(std::cell::Cell::new(0));
    let note = Rc::clone(&reported);
    let options = SendFileOptions::default().progress(move |sent, _| note.set(sent));
    let mut sending = stage.send(&link.end, origin.source(), options);
    stage.doing("sending to a peer that does not read it all");
    let some = link.arrival(MUCH / 2);
    stage.scene.while_pending(&mut sending, some).await??;
    while reported.get() == 0 {
        assert!(!stage.scene.ready_within(&mut sending, 1).await?);
    }
    sockets::reset(link.peer)?;
    stage.doing("sending to a peer that has reset");
    let error = failure(sending.await);
    assert!(is_of_the_connection(&error), "{error}");
    assert!(error.sent() > 0 && error.sent() < MUCH as u64, "{error}");
    assert_eq!(origin.position()?, error.sent());
    if let crate::harness::stage::End::Transport(transport) = &link.end {
        assert!(transport.is_closing());
        let told = link.log.until_lost().await;
        assert_eq!(told, Some(error.io_kind()));
        stage.scene.turns(5).await;
        assert_eq!(link.log.calls(), [Call::Made, Call::Lost(told)]);
    }
    Ok(())
}

fn a_reset_is_an_error_of_the_connection(context: &Context) -> Outcome {
    over_all(context, reset_meanwhile)
}

fn the_loss_is_told_once(context: &Context) -> Outcome {
    over_transports(context, async |stage| {
        for aborts in [true, false] {
            let link = stage.link().await?;
            let transport = Rc::clone(link.transport()?);
            let origin = stage.origin(&files::content(MUCH))?;
            let mut sending = stage.send(&link.end, origin.source(), SendFileOptions::default());
            assert!(!stage.scene.ready_within(&mut sending, 10).await?);
            if aborts {
                transport.abort();
                transport.abort();
            } else {
                sockets::reset(link.peer)?;
            }
            failure(sending.await);
            let told = link.log.until_lost().await;
            assert_eq!(told.is_some(), !aborts);
            stage.scene.turns(5).await;
            assert_eq!(link.log.calls(), [Call::Made, Call::Lost(told)]);
        }
        Ok(())
    })
}

fn nothing_is_told_after_the_loss(context: &Context) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let transport = Rc::clone(link.transport()?);
        transport.write(&files::content(MUCH))?;
        let origin = stage.origin(&files::content(MUCH))?;
        let mut sending = stage.send(&link.end, origin.source(), SendFileOptions::default());
        assert!(!stage.scene.ready_within(&mut sending, 3).await?);
        let arriving = link.arrival(MUCH);
        stage.scene.while_pending(&mut sending, arriving).await??;
        transport.abort();
        failure(sending.await);
        link.log.until_lost().await;
        stage.scene.turns(5).await;
        assert_eq!(
            link.log.calls(),
            [Call::Made, Call::Pause, Call::Lost(None)]
        );
        Ok(())
    })
}

fn a_peer_that_leaves_with_everything_is_no_error(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        let link = stage.link().await?;
        let content = files::content(MUCH);
        let origin = stage.origin(&content)?;
        let mut peer = link.peer.try_clone()?;
        drop(link.peer);
        let reading = elsewhere(move || {
            let mut bytes = vec![0; MUCH];
            std::io::Read::read_exact(&mut peer, &mut bytes).map(|()| bytes)
        });
        let options = SendFileOptions::default().count(MUCH as u64);
        let sent = stage.send(&link.end, origin.source(), options).await?;
        assert_eq!(sent, MUCH as u64);
        // Over TLS the last of it may still be on its way.
        let bytes = reading.await?;
        assert!(bytes == content, "other bytes arrived");
        if let crate::harness::stage::End::Transport(_) = &link.end {
            assert_eq!(link.log.until_lost().await, None);
        }
        Ok(())
    })
}
