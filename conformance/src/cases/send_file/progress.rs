//! What the progress callback is told, and what it may do.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;

use loopline_core::{
    EventLoopExt, FileJob, Loop, SendFileErrorKind as Kind, SendFileOptions, Transport, WriteError,
};

use super::closing::has_arrived;
use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::recorder::{Call, Log};
use crate::harness::stage::{MUCH, Setting, Way, over_all, over_transports};
use crate::harness::{files, sockets};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        A31,
        progress_grows_to_the_whole,
        "The progress grows with each call, and its last is what the call answers."
    )
    .over_tls(),
    case!(
        A42,
        the_report_cannot_write,
        "Writing, or sending another file, from the report is refused."
    )
    .over_tls(),
    case!(
        A65,
        the_report_may_end_the_connection,
        "A report that closes or aborts ends the call, and nothing more of the file is sent."
    )
    .over_tls(),
    case!(
        A65,
        closing_in_the_last_report_is_no_error,
        "A report that closes when everything has left changes nothing about the answer."
    )
    .over_tls(),
    case!(
        A68,
        the_report_may_give_the_file_up,
        "A report that drops the call gives the connection back, and the position is right."
    )
    .over_tls(),
    case!(
        A67,
        a_report_that_panics_ends_the_file_alone,
        "A report that panics ends its call; the loop runs again, and the connection goes on."
    ),
];

fn progress_grows_to_the_whole(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        for size in [0, 1, 300_000, MUCH] {
            let link = stage.link().await?;
            let reader = link.reader()?;
            let origin = stage.origin(&files::content(size + 10))?;
            let told = Rc::new(RefCell::new(Vec::new()));
            let note = Rc::clone(&told);
            let options = SendFileOptions::default()
                .offset(10)
                .progress(move |sent, total| note.borrow_mut().push((sent, total)));
            let sent = stage.send(&link.end, origin.source(), options).await?;
            assert_eq!(sent, size as u64);
            let told = told.take();
            let known = (stage.setting.way != Way::Memory).then_some(sent);
            assert!(told.iter().all(|(_, total)| *total == known), "{told:?}");
            assert!(told.is_sorted_by(|one, two| one.0 < two.0), "{told:?}");
            let last = told.last().map_or(0, |last| last.0);
            assert_eq!(last, sent, "the last report");
            assert!(told.iter().all(|(sent, _)| *sent > 0), "{told:?}");
            link.close().await;
            reader.bytes()?;
        }
        Ok(())
    })
}

fn the_report_cannot_write(context: &Context) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let reader = link.reader()?;
        let transport = Rc::clone(link.transport()?);
        let reports = Rc::new(Cell::new(0));
        let count = Rc::clone(&reports);
        let options = SendFileOptions::default().progress(move |_, _| {
            assert_eq!(transport.write(b"x"), Err(WriteError::SendFileInProgress));
            let mut job = FileJob::new(
                loopline_core::FileSource::reader(std::io::Cursor::new(b"x")),
                SendFileOptions::default(),
            );
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            let poll = transport.poll_send_file(&mut cx, &mut job);
            let std::task::Poll::Ready(Err(error)) = poll else {
                panic!("a second file was taken: {poll:?}");
            };
            assert!(matches!(error.kind(), Kind::InProgress), "{error}");
            transport.pause_reading();
            transport.resume_reading();
            count.set(count.get() + 1);
        });
        let origin = stage.origin(&files::content(MUCH))?;
        let sent = stage.send(&link.end, origin.source(), options).await?;
        assert_eq!(sent, MUCH as u64);
        assert!(reports.get() > 0);
        link.close().await;
        assert!(reader.bytes()? == files::content(MUCH));
        Ok(())
    })
}

/// Ends the connection in the first report of at least so many bytes.
fn ends(transport: &Rc<dyn Transport>, aborts: bool, from: u64) -> SendFileOptions {
    let transport = Rc::clone(transport);
    SendFileOptions::default().progress(move |sent, _| {
        if sent >= from && aborts {
            transport.abort();
        } else if sent >= from {
            transport.close();
        }
    })
}

fn the_report_may_end_the_connection(context: &Context) -> Outcome {
    over_transports(context, async |stage| {
        for aborts in [false, true] {
            for from in [1, 1_000_000] {
                let link = stage.link().await?;
                let reader = link.reader()?;
                let transport = Rc::clone(link.transport()?);
                let content = files::content(MUCH);
                let origin = stage.origin(&content)?;
                let begun = stage.hold.begun.get();
                let options = ends(&transport, aborts, from);
                let answer = stage.send(&link.end, origin.source(), options).await;
                let error = answer.expect_err("it was sent to its end");
                assert!(matches!(error.kind(), Kind::Aborted), "{error}");
                assert_eq!(link.log.until_lost().await, None);
                assert_eq!(link.log.calls(), [Call::Made, Call::Lost(None)]);
                assert_eq!(origin.position()?, error.sent());
                let sent = usize::try_from(error.sent())?;
                assert!(sent < MUCH, "nothing was given up");
                has_arrived(stage, &content[..sent], &reader.bytes()?, aborts);
                // No job was begun on a connection that was closed.
                let jobs = stage.hold.begun.get() - begun;
                assert!(jobs <= error.sent().div_ceil(1_000), "{jobs} jobs");
            }
        }
        Ok(())
    })
}

fn closing_in_the_last_report_is_no_error(context: &Context) -> Outcome {
    over_transports(context, async |stage| {
        for aborts in [false, true] {
            for size in [100, 300_000] {
                let link = stage.link().await?;
                let reader = link.reader()?;
                let content = files::content(size);
                let origin = stage.origin(&content)?;
                let options = ends(link.transport()?, aborts, size as u64).count(size as u64);
                let sent = stage.send(&link.end, origin.source(), options).await?;
                assert_eq!((sent, origin.position()?), (size as u64, size as u64));
                assert_eq!(link.log.until_lost().await, None);
                has_arrived(stage, &content, &reader.bytes()?, aborts);
            }
        }
        Ok(())
    })
}

type Shared = Rc<RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>>>;

fn the_report_may_give_the_file_up(context: &Context) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let transport = Rc::clone(link.transport()?);
        let content = files::content(MUCH);
        let origin = stage.origin(&content)?;
        let task: Shared = Rc::default();
        let (given_up, late) = (Rc::clone(&task), Rc::new(Cell::new(0)));
        let (count, hold) = (Rc::clone(&late), Rc::clone(&stage.hold));
        let begun = Rc::new(Cell::new(None));
        let begun_then = Rc::clone(&begun);
        let options = SendFileOptions::default().progress(move |sent, _| {
            if begun_then.get().is_some() {
                count.set(count.get() + 1);
            }
            // In its first poll, which may report too, the call is not there to
            // be dropped.
            if sent > 1_000_000
                && let Some(call) = given_up.take()
            {
                begun_then.set(Some(hold.begun.get()));
                drop(call);
            }
        });
        let sending = FileJob::new(origin.source(), options).send(&transport);
        let reader = link.reader()?;
        task.replace(Some(Box::pin(async move {
            let _ = sending.await;
        })));
        {
            let mut first = task.take().expect("it is there");
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(first.as_mut().poll(&mut cx).is_pending());
            task.replace(Some(first));
        }
        stage.doing("waiting for a report that drops the call");
        while task.borrow().is_some() {
            stage.scene.turns(1).await;
        }
        stage.settled().await;
        assert_eq!(late.get(), 0, "it went on");
        assert_eq!(begun.get(), Some(stage.hold.begun.get()), "a job was begun");
        let sent = usize::try_from(origin.position()?)?;
        transport.write(b"after")?;
        link.close().await;
        assert!(reader.bytes()? == [&content[..sent], b"after"].concat());
        Ok(())
    })
}

fn a_report_that_panics_ends_the_file_alone(context: &Context) -> Outcome {
    for setting in Setting::all(context)?
        .into_iter()
        .filter(Setting::has_transport)
    {
        for from in [1, 1_000_000] {
            context.doing(format!("{setting}: a report that panics at {from}"));
            let hold = Rc::default();
            let event_loop = Loop::with_backend(setting.way.backend(context, &hold)?);
            let (ours, peer) = sockets::pair()?;
            let reader = sockets::Reader::of(peer);
            let log = Log::default();
            let recorder = log.recorder();
            let connecting = event_loop.connect_accepted_socket(|| recorder, ours);
            let (transport, _) = event_loop.run_until_complete(connecting)??;
            let content = files::content(MUCH);
            let origin = match setting.way {
                Way::Memory => crate::harness::origin::Origin::memory(&content),
                _ => crate::harness::origin::Origin::file(&content)?,
            };
            let options = SendFileOptions::default().progress(move |sent, _| {
                assert!(sent < from, "a report that panics");
            });
            let mut sending = FileJob::new(origin.source(), options).send(&transport);
            let run = || event_loop.run_until_complete(&mut sending);
            let panicked = catch_unwind(AssertUnwindSafe(run));
            assert!(panicked.is_err(), "{setting}: the panic was swallowed");
            // Out of the first poll the future itself has panicked.
            let later = event_loop.run_until_complete(&mut sending)?;
            let error = later.expect_err("it was sent");
            assert!(
                matches!(error.kind(), Kind::Panicked | Kind::Finished),
                "{error}"
            );
            let sent = usize::try_from(origin.position()?)?;
            assert!(sent > 0 && sent < MUCH);
            transport.write(b"after")?;
            transport.close();
            event_loop.run_until_complete(log.until_lost())?;
            assert!(reader.bytes()? == [&content[..sent], b"after"].concat());
        }
    }
    Ok(())
}
