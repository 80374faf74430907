//! What the loop does for others while a file is on its way, and what is left
//! of it afterwards.

use std::future::Future;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use loopline_core::backend::AsSource;
use loopline_core::{
    EventLoop, EventLoopExt, FileJob, FileSource, Loop, SendFileErrorKind as Kind, SendFileOptions,
};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::gated::Gate;
use crate::harness::origin::Origin;
use crate::harness::recorder::Log;
use crate::harness::stage::{MUCH, Setting, Way, over, over_all, over_transports};
use crate::harness::{connections, files, os, sockets};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        A59,
        a_slow_file_holds_nobody_up,
        "While a reader blocks, the loop goes on: timers, callbacks, other connections."
    )
    .needs(Need::SYSTEM_CLOCK),
    case!(
        A60,
        a_chunk_is_worth_its_thread,
        "A reader on another thread is asked for at least 64 KiB at once."
    ),
    case!(
        A70,
        a_huge_file_holds_nobody_up,
        "While a file is on its way to a peer that reads, other connections and timers go on."
    ),
    case!(
        A36,
        a_closed_loop_leaves_the_position_right,
        "Closing the loop ends a file on its way, at the position of what has left."
    ),
    case!(
        A37,
        a_closed_loop_leaves_a_reader_right,
        "A reader that is read while the loop is closed is moved back afterwards."
    ),
    case!(
        A72,
        no_descriptor_is_left,
        "Files that were sent, failed, or were given up leave no descriptor open."
    )
    .needs(Need::DESCRIPTOR_LISTS)
    .isolated(),
];

fn a_slow_file_holds_nobody_up(context: &Context) -> Outcome {
    over(
        context,
        |setting| setting.way == Way::Memory,
        async |stage| {
            let gate = Gate::default();
            let link = stage.link().await?;
            let source = FileSource::reader(gate.reader(b"content"));
            let mut sending = stage.send(&link.end, source, SendFileOptions::default());
            let scene = stage.scene;
            let others = async {
                scene.sleep(Duration::from_millis(2)).await;
                scene.turns(10).await;
                let log = Log::default();
                let (transport, mut peer) = connections::to_peer(scene, log.recorder()).await?;
                std::io::Write::write_all(&mut peer, b"hello")?;
                log.until_data(5).await;
                transport.close();
                log.until_lost().await;
                Ok::<_, crate::verdict::Stop>(())
            };
            scene.while_pending(&mut sending, others).await??;
            gate.open();
            assert_eq!(sending.await?, 7);
            link.close().await;
            Ok(())
        },
    )
}

fn a_chunk_is_worth_its_thread(context: &Context) -> Outcome {
    over(
        context,
        |setting| setting.way == Way::Memory,
        async |stage| {
            let gate = Gate::default();
            gate.open();
            let link = stage.link().await?;
            let reader = link.reader()?;
            let source = FileSource::reader(gate.reader(&files::content(MUCH)));
            stage
                .send(&link.end, source, SendFileOptions::default())
                .await?;
            assert!(gate.largest() >= 64 * 1024, "{} bytes", gate.largest());
            link.close().await;
            reader.bytes()?;
            Ok(())
        },
    )
}

fn a_huge_file_holds_nobody_up(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        let scene = stage.scene;
        let link = stage.link().await?;
        let reader = link.reader()?;
        let log = Log::default();
        let (transport, mut peer) = connections::to_peer(scene, log.recorder()).await?;
        let ends = Rc::new(std::cell::Cell::new(false));
        // Sends the same file until the others have had their turns.
        let sending = async {
            let origin = stage.origin(&files::content(MUCH))?;
            let mut total = 0;
            while !ends.get() {
                let options = SendFileOptions::default();
                total += stage.send(&link.end, origin.source(), options).await?;
            }
            Ok::<_, crate::verdict::Stop>(total)
        };
        let others = async {
            for round in 1..=5 {
                std::io::Write::write_all(&mut peer, b"hello")?;
                log.until_data(5 * round).await;
                scene.sleep(Duration::from_millis(1)).await;
            }
            ends.set(true);
            Ok::<_, crate::verdict::Stop>(())
        };
        let (mut sending, mut others) = (Box::pin(sending), Box::pin(others));
        let (mut total, mut over) = (None, None);
        std::future::poll_fn(|cx| {
            if total.is_none() {
                total = ready(sending.as_mut().poll(cx));
            }
            if over.is_none() {
                over = ready(others.as_mut().poll(cx));
            }
            if total.is_some() && over.is_some() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        drop((sending, others));
        let sent = total.expect("it has ended")?;
        over.expect("it has ended")?;
        transport.close();
        log.until_lost().await;
        link.close().await;
        assert_eq!(reader.bytes()?.len() as u64, sent);
        Ok(())
    })
}

fn ready<T>(poll: Poll<T>) -> Option<T> {
    match poll {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn a_closed_loop_leaves_the_position_right(context: &Context) -> Outcome {
    for setting in Setting::all(context)?
        .into_iter()
        .filter(Setting::has_transport)
    {
        context.doing(format!("{setting}: closing the loop"));
        let hold = Rc::default();
        let event_loop = Loop::with_backend(setting.way.backend(context, &hold)?);
        let (ours, peer) = sockets::pair()?;
        let recorder = Log::default().recorder();
        let connecting = event_loop.connect_accepted_socket(|| recorder, ours);
        let (transport, _) = event_loop.run_until_complete(connecting)??;
        let content = files::content(3 * MUCH);
        let origin = match setting.way {
            Way::Memory => Origin::memory(&content),
            _ => Origin::file(&content)?,
        };
        let mut job = FileJob::new(origin.source(), SendFileOptions::default());
        let mut cx = std::task::Context::from_waker(Waker::noop());
        assert!(transport.poll_send_file(&mut cx, &mut job).is_pending());
        for _ in 0..50 {
            event_loop.stop();
            event_loop.run_forever()?;
        }
        event_loop.close()?;
        let Poll::Ready(Err(error)) = transport.poll_send_file(&mut cx, &mut job) else {
            panic!("{setting}: the job goes on");
        };
        assert!(matches!(error.kind(), Kind::LoopClosed), "{error}");
        if setting.way == Way::Memory {
            // Another thread may have the reader just now.
            while origin.position()? != error.sent() {
                std::thread::yield_now();
            }
        }
        assert_eq!(origin.position()?, error.sent(), "{setting}");
        let sent = usize::try_from(error.sent())?;
        let bytes = sockets::Reader::of(peer).bytes()?;
        // Nobody is told any more what of a job in flight has left.
        assert!(bytes.len() == sent || setting.completes && bytes.len() > sent);
        let same = content.starts_with(&bytes);
        assert!(same, "{setting}: other bytes arrived");
        let mut late = FileJob::new(origin.source(), SendFileOptions::default());
        let answer = transport.poll_send_file(&mut cx, &mut late);
        assert!(matches!(answer, Poll::Ready(Err(_))));
    }
    Ok(())
}

fn a_closed_loop_leaves_a_reader_right(context: &Context) -> Outcome {
    let event_loop = Loop::with_backend(context.backend()?);
    let gate = Gate::default();
    let (ours, theirs) = sockets::pair()?;
    let source = FileSource::reader(gate.reader(b"content"));
    let options = SendFileOptions::default().offset(2);
    {
        let mut sending = Box::pin(event_loop.sock_sendfile(ours.as_source(), source, options));
        let mut cx = std::task::Context::from_waker(Waker::noop());
        assert!(sending.as_mut().poll(&mut cx).is_pending());
        while !gate.is_reading() {
            std::thread::yield_now();
        }
        event_loop.close()?;
    }
    gate.open();
    gate.await_position(2);
    drop(theirs);
    Ok(())
}

fn no_descriptor_is_left(context: &Context) -> Outcome {
    // Threads that read, and what else is made once.
    leave_nothing(context)?;
    let before = os::open_descriptors()?.len();
    leave_nothing(context)?;
    assert_eq!(os::open_descriptors()?.len(), before);
    Ok(())
}

fn leave_nothing(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        let link = stage.link().await?;
        let origin = stage.origin(&files::content(1_000))?;
        stage
            .send(&link.end, origin.source(), SendFileOptions::default())
            .await?;
        let much = stage.origin(&files::content(MUCH))?;
        let mut sending = stage.send(&link.end, much.source(), SendFileOptions::default());
        assert!(!stage.scene.ready_within(&mut sending, 10).await?);
        drop(sending);
        stage.settled().await;
        // Another connection: Wine 10 may never end a TransmitFile on one that is
        // reset after an earlier one was cancelled.
        let link = stage.link().await?;
        let mut sending = stage.send(&link.end, much.source(), SendFileOptions::default());
        assert!(!stage.scene.ready_within(&mut sending, 10).await?);
        sockets::reset(link.peer)?;
        assert!(sending.await.is_err());
        stage.settled().await;
        Ok(())
    })?;
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let much = stage.origin(&files::content(MUCH))?;
        let mut sending = stage.send(&link.end, much.source(), SendFileOptions::default());
        assert!(!stage.scene.ready_within(&mut sending, 3).await?);
        link.transport()?.abort();
        assert!(sending.await.is_err());
        link.log.until_lost().await;
        stage.settled().await;
        Ok(())
    })
}
