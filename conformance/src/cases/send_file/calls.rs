//! What a backend is asked while it sends a file, and how often.

use std::io::ErrorKind;
use std::num::NonZeroU64;
use std::rc::Rc;

use loopline_core::backend::Backend;
use loopline_core::{EventLoop, EventLoopExt, SendFileOptions};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::altered::{Altered, Counting, Failing, Tally, Trickling};
use crate::harness::origin::Origin;
use crate::harness::recorder::Log;
use crate::harness::scene::{Scene, on_backend};
use crate::harness::stage::MUCH;
use crate::harness::{connections, files, sockets};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        A32,
        a_call_asks_for_what_a_system_can_count,
        "However large a file is, one call asks for no more than 31 bits can count."
    )
    .needs(Need::SEND_FILE),
    case!(
        A69,
        a_full_socket_is_waited_for,
        "A socket that takes nothing is waited for, and not asked again meanwhile."
    )
    .needs(Need::SEND_FILE),
    case!(
        A69,
        what_interrupts_is_no_error,
        "A call that was interrupted, or would have had to wait, is made again, whoever says so."
    )
    .needs(Need::SEND_FILE),
    case!(
        A70,
        one_stretch_a_turn,
        "A file gets one call a turn, also when the socket would take more."
    )
    .needs(Need::SEND_FILE),
    case!(
        A70,
        the_end_is_asked_for_at_once,
        "What a file turns out to be short of at its end is no full socket: the call ends in the same turn."
    )
    .needs(Need::SEND_FILE),
];

/// What one call sends where it sends little, in bytes.
const LITTLE: NonZeroU64 = NonZeroU64::new(1_000).unwrap();

/// Runs over a backend that counts what it is asked.
fn counted(
    context: &Context,
    backend: Box<dyn Backend>,
    body: impl AsyncFnOnce(&Scene<'_>, &Tally) -> Outcome,
) -> Outcome {
    let tally: Rc<Tally> = Rc::default();
    let backend = Altered::boxed(backend, Counting(Rc::clone(&tally)));
    on_backend(context, backend, async |scene| body(scene, &tally).await)
}

fn a_call_asks_for_what_a_system_can_count(context: &Context) -> Outcome {
    counted(context, context.backend()?, async |scene, tally| {
        // All hole.
        let file = tempfile::tempfile()?;
        file.set_len(1 << 40)?;
        let (transport, peer) = connections::to_peer(scene, Log::default().recorder()).await?;
        let options = SendFileOptions::default().count((1 << 40) - 1);
        let mut sending = scene.sendfile(&transport, file.into(), options);
        assert!(!scene.ready_within(&mut sending, 5).await?);
        let (ours, theirs) = sockets::pair()?;
        let file = tempfile::tempfile()?;
        file.set_len(1 << 40)?;
        let options = SendFileOptions::default();
        let mut other = Box::pin(scene.sock_sendfile_from(&ours, file, options));
        assert!(!scene.ready_within(&mut other, 5).await?);
        assert!(tally.sends.get() >= 2);
        assert!(
            tally.largest.get() <= 0x7fff_f000,
            "{}",
            tally.largest.get()
        );
        drop((sending, other, peer, theirs));
        Ok(())
    })
}

fn a_full_socket_is_waited_for(context: &Context) -> Outcome {
    counted(context, context.backend()?, async |scene, tally| {
        let content = files::content(MUCH);
        let origin = Origin::file(&content)?;
        let (mut ours, theirs) = sockets::pair()?;
        sockets::fill(&mut ours)?;
        let options = SendFileOptions::default();
        let mut sending = Box::pin(scene.sock_sendfile_from(&ours, origin.source(), options));
        assert!(!scene.ready_within(&mut sending, 1).await?);
        let before = tally.sends.get();
        assert!(!scene.ready_within(&mut sending, 100).await?);
        // What is still on its way to the peer may make room once or twice.
        assert!(tally.sends.get() - before < 10, "it is asked in every turn");
        let reader = sockets::Reader::of(theirs);
        assert_eq!(sending.await?, MUCH as u64);
        drop(ours);
        assert!(reader.bytes()?.ends_with(&content));
        Ok(())
    })
}

fn what_interrupts_is_no_error(context: &Context) -> Outcome {
    for kind in [ErrorKind::Interrupted, ErrorKind::WouldBlock] {
        let interrupted = Trickling::new(LITTLE).interrupted(kind);
        let backend = Altered::boxed(context.backend()?, interrupted);
        on_backend(context, backend, async |scene| {
            let content = files::content(5_500);
            let origin = Origin::file(&content)?;
            let log = Log::default();
            let (transport, peer) = connections::to_peer(scene, log.recorder()).await?;
            let reader = sockets::Reader::of(peer);
            let options = SendFileOptions::default;
            let sent = scene.sendfile(&transport, origin.source(), options());
            assert_eq!(sent.await?, 5_500);
            transport.abort();
            log.until_lost().await;
            assert!(reader.bytes()? == content);
            let (ours, theirs) = sockets::pair()?;
            let reader = sockets::Reader::of(theirs);
            let sent = scene.sock_sendfile_from(&ours, origin.source(), options());
            assert_eq!(sent.await?, 5_500);
            drop(ours);
            assert!(reader.bytes()? == content);
            Ok(())
        })?;
    }
    Ok(())
}

fn one_stretch_a_turn(context: &Context) -> Outcome {
    counted(context, context.backend()?, async |scene, tally| {
        let origin = Origin::file(&files::content(MUCH))?;
        let log = Log::default();
        let (transport, peer) = connections::to_peer(scene, log.recorder()).await?;
        let reader = sockets::Reader::of(peer);
        for _ in 0..3 {
            // With a count no call has to look for the end of the file.
            let options = SendFileOptions::default().count(MUCH as u64);
            scene.sendfile(&transport, origin.source(), options).await?;
            scene.turns(1).await;
        }
        assert_eq!(tally.most_in_a_turn.get(), 1);
        transport.close();
        log.until_lost().await;
        reader.bytes()?;
        Ok(())
    })?;
    // Little that was sent is taken for a full socket.
    counted(context, sends_little(context)?, async |scene, tally| {
        let log = Log::default();
        let (transport, peer) = connections::to_peer(scene, log.recorder()).await?;
        let reader = sockets::Reader::of(peer);
        let origin = Origin::file(&files::content(20_000))?;
        let options = SendFileOptions::default().count(20_000);
        scene.sendfile(&transport, origin.source(), options).await?;
        assert_eq!(tally.sends.get(), 20);
        assert_eq!(tally.most_in_a_turn.get(), 1);
        transport.abort();
        log.until_lost().await;
        reader.bytes()?;
        Ok(())
    })
}

/// A backend that sends little at a time, and always can.
fn sends_little(context: &Context) -> Result<Box<dyn Backend>, Stop> {
    let little = Failing {
        stretch: LITTLE,
        calls: u64::MAX,
        error: ErrorKind::Other,
    };
    Ok(Altered::boxed(context.backend()?, little))
}

fn the_end_is_asked_for_at_once(context: &Context) -> Outcome {
    if context.backend()?.capabilities().completes {
        // Its answers come one in each turn.
        return Ok(());
    }
    for size in [100, 3_000] {
        counted(context, sends_little(context)?, async |scene, tally| {
            let log = Log::default();
            let (transport, peer) = connections::to_peer(scene, log.recorder()).await?;
            let reader = sockets::Reader::of(peer);
            let origin = Origin::file(&files::content(size))?;
            let options = SendFileOptions::default();
            let sent = scene.sendfile(&transport, origin.source(), options).await?;
            assert_eq!(sent, size as u64);
            assert_eq!(tally.sends.get(), sent.div_ceil(LITTLE.get()) + 1);
            assert_eq!(tally.since_wait.get(), 2, "for {size} bytes");
            transport.abort();
            log.until_lost().await;
            reader.bytes()?;
            Ok(())
        })?;
    }
    Ok(())
}
