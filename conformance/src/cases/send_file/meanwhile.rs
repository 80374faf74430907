//! What a transport reads, and whom it tells, while a file is on its way.

use std::cell::RefCell;
use std::io::Write;
use std::net::Shutdown;
use std::rc::Rc;
use std::task::{Context, Waker};

use loopline_core::{FileJob, SendFileOptions, WriteError};

use crate::case::{Case, case};
use crate::context::Context as Given;
use crate::harness::files;
use crate::harness::origin::Origin;
use crate::harness::recorder::{Call, Log, Recorder};
use crate::harness::stage::{Link, MUCH, Sending, Setting, Stage, over, over_transports};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        A50,
        data_waits_for_the_end,
        "What the peer sends meanwhile is delivered after the file, and none of it is lost."
    )
    .over_tls(),
    case!(
        A51,
        a_pause_of_the_users_stays,
        "Reading that was paused before, or is paused meanwhile, stays paused afterwards."
    )
    .over_tls(),
    case!(
        A52,
        resuming_meanwhile_takes_effect_afterwards,
        "Reading that is resumed meanwhile goes on after the file."
    )
    .over_tls(),
    case!(
        A53,
        the_end_of_the_peers_half_waits,
        "A peer that ends its half meanwhile gets the whole file; then the end is told."
    )
    .over_tls(),
    case!(
        A54,
        the_protocol_stays,
        "The protocol is the user's throughout, and one that is set meanwhile gets what follows."
    )
    .over_tls(),
    case!(
        A56,
        the_queue_stays_bounded,
        "A file never fills the write queue, however slow the peer is."
    ),
    case!(
        A57,
        a_paused_protocol_resumes_once_at_the_end,
        "A protocol that was told to pause is told to resume once, when the file has left or was given up."
    )
    .over_tls(),
    case!(
        A57,
        a_file_begun_inside_a_callback_is_as_any,
        "A file can be begun, given up and begun again inside pause_writing, and follows what was written."
    )
    .over_tls(),
    case!(
        A50,
        a_file_sent_inside_data_received_pauses_reading,
        "A file that is begun inside data_received holds further data back until it has left."
    )
    .over_tls(),
];

/// Begins to send much to a peer that does not read.
pub(super) async fn stalled<'a>(
    stage: &'a Stage<'_>,
    link: &'a Link,
) -> Result<Sending<'a>, crate::verdict::Stop> {
    let origin = stage.origin(&files::content(MUCH))?;
    let mut sending = stage.send(&link.end, origin.source(), SendFileOptions::default());
    stage.doing("sending to a peer that does not read");
    let ended = stage.scene.ready_within(&mut sending, 20).await?;
    assert!(!ended, "everything fits into the sockets");
    stage.doing("looking at what happens meanwhile");
    Ok(sending)
}

/// Lets the peer read, and checks that the file and nothing else arrives, and
/// that the connection goes on.
pub(super) async fn whole(link: &Link, sending: Sending<'_>) -> Outcome {
    let reader = link.reader()?;
    assert_eq!(sending.await?, MUCH as u64);
    let transport = link.transport()?;
    transport.write(b"after")?;
    transport.close();
    assert_eq!(link.log.until_lost().await, None);
    let expected = [files::content(MUCH), b"after".to_vec()].concat();
    assert!(reader.bytes()? == expected, "other bytes arrived");
    Ok(())
}

fn data_waits_for_the_end(context: &Given) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let log = link.log.clone();
        let sending = stalled(stage, &link).await?;
        (&link.peer).write_all(b"hello")?;
        stage.scene.turns(20).await;
        assert_eq!(log.calls(), [Call::Made]);
        let reader = link.reader()?;
        sending.await?;
        log.until_data(5).await;
        assert_eq!(log.data(), b"hello");
        link.close().await;
        assert!(reader.bytes()? == files::content(MUCH));
        Ok(())
    })
}

fn a_pause_of_the_users_stays(context: &Given) -> Outcome {
    over_transports(context, async |stage| {
        for before in [true, false] {
            let link = stage.link().await?;
            let transport = Rc::clone(link.transport()?);
            if before {
                transport.pause_reading();
            }
            let sending = stalled(stage, &link).await?;
            transport.pause_reading();
            (&link.peer).write_all(b"hello")?;
            let log = link.log.clone();
            let reader = link.reader()?;
            sending.await?;
            assert!(!transport.is_reading());
            stage.scene.turns(20).await;
            assert_eq!(log.calls(), [Call::Made]);
            transport.resume_reading();
            log.until_data(5).await;
            link.close().await;
            assert!(reader.bytes()? == files::content(MUCH));
        }
        Ok(())
    })
}

fn resuming_meanwhile_takes_effect_afterwards(context: &Given) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let transport = Rc::clone(link.transport()?);
        transport.pause_reading();
        let sending = stalled(stage, &link).await?;
        (&link.peer).write_all(b"hello")?;
        transport.resume_reading();
        stage.scene.turns(20).await;
        assert_eq!(link.log.calls(), [Call::Made]);
        let log = link.log.clone();
        let reader = link.reader()?;
        sending.await?;
        log.until_data(5).await;
        link.close().await;
        assert!(reader.bytes()? == files::content(MUCH));
        Ok(())
    })
}

fn the_end_of_the_peers_half_waits(context: &Given) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let log = link.log.clone();
        let sending = stalled(stage, &link).await?;
        (&link.peer).write_all(b"bye")?;
        link.peer.shutdown(Shutdown::Write)?;
        stage.scene.turns(20).await;
        assert_eq!(log.calls(), [Call::Made]);
        let reader = link.reader()?;
        assert_eq!(sending.await?, MUCH as u64);
        assert_eq!(log.until_lost().await, None);
        let calls = [Call::Made, Call::Data(3), Call::Eof, Call::Lost(None)];
        assert_eq!(log.calls(), calls);
        assert!(reader.bytes()? == files::content(MUCH));
        Ok(())
    })
}

fn the_protocol_stays(context: &Given) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let transport = Rc::clone(link.transport()?);
        let before = transport.protocol();
        let sending = stalled(stage, &link).await?;
        let same = |one: &Option<loopline_core::SharedProtocol>| match (one, &transport.protocol())
        {
            (Some(one), Some(other)) => Rc::ptr_eq(one, other),
            _ => false,
        };
        assert!(same(&before), "it is another while the file is on its way");
        let later = Log::default();
        let recorder = Rc::new(RefCell::new(later.recorder()));
        transport.set_protocol(recorder);
        let after = transport.protocol();
        (&link.peer).write_all(b"hello")?;
        let first = link.log.clone();
        let reader = link.reader()?;
        sending.await?;
        assert!(same(&after), "it is another after the file");
        later.until_data(5).await;
        transport.close();
        later.until_lost().await;
        assert_eq!(first.calls(), [Call::Made]);
        assert!(reader.bytes()? == files::content(MUCH));
        Ok(())
    })
}

fn the_queue_stays_bounded(context: &Given) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let transport = Rc::clone(link.transport()?);
        let sending = stalled(stage, &link).await?;
        stage.scene.turns(50).await;
        assert_eq!(transport.write_buffer_size(), 0);
        assert_eq!(link.log.calls(), [Call::Made]);
        whole(&link, sending).await
    })
}

fn a_paused_protocol_resumes_once_at_the_end(context: &Given) -> Outcome {
    over_transports(context, async |stage| {
        for finishes in [true, false] {
            let link = stage.link().await?;
            let log = link.log.clone();
            link.write(&files::content(MUCH))?;
            assert_eq!(log.calls(), [Call::Made, Call::Pause]);
            let origin = stage.origin(&files::content(MUCH))?;
            let options = SendFileOptions::default();
            let mut sending = stage.send(&link.end, origin.source(), options);
            assert!(!stage.scene.ready_within(&mut sending, 3).await?);
            // What was written leaves, and the file stalls.
            let arriving = link.arrival(MUCH);
            let bytes = stage.scene.while_pending(&mut sending, arriving).await?;
            assert!(bytes? == files::content(MUCH), "other bytes arrived");
            assert!(!stage.scene.ready_within(&mut sending, 50).await?);
            assert_eq!(log.calls(), [Call::Made, Call::Pause], "meanwhile");
            let reader = link.reader()?;
            if finishes {
                sending.await?;
            } else {
                drop(sending);
                stage.settled().await;
            }
            let told = |calls: &[Call], _: &[u8]| calls.contains(&Call::Resume);
            log.until(told).await;
            link.close().await;
            let calls = [Call::Made, Call::Pause, Call::Resume, Call::Lost(None)];
            assert_eq!(log.calls(), calls);
            reader.bytes()?;
        }
        Ok(())
    })
}

/// Begins a file at the first call that `at` recognises, after giving one up.
fn beginning(
    log: &Log,
    origin: &Origin,
    at: fn(&Call) -> bool,
) -> (Recorder, Rc<RefCell<Option<FileJob>>>) {
    let place: Rc<RefCell<Option<FileJob>>> = Rc::default();
    let begun = Rc::clone(&place);
    let mut sources = vec![origin.source(), origin.source()];
    let recorder = log.recorder().reacting(move |call, transport| {
        while at(call) {
            let Some(source) = sources.pop() else {
                break;
            };
            let mut cx = Context::from_waker(Waker::noop());
            let mut job = FileJob::new(source, SendFileOptions::default());
            assert!(transport.poll_send_file(&mut cx, &mut job).is_pending());
            if sources.is_empty() {
                begun.replace(Some(job));
            }
        }
        Ok(())
    });
    (recorder, place)
}

fn a_file_begun_inside_a_callback_is_as_any(context: &Given) -> Outcome {
    over_transports(context, async |stage| {
        let origin = stage.origin(b"content")?;
        let log = Log::default();
        let (recorder, job) = beginning(&log, &origin, |call| *call == Call::Pause);
        let link = stage.link_of(log.clone(), recorder).await?;
        let before = files::content(MUCH);
        link.write(&before)?;
        assert_eq!(
            link.transport()?.write(b"x"),
            Err(WriteError::SendFileInProgress)
        );
        let reader = link.reader()?;
        let mut job = job.take().expect("a file was begun");
        let transport = Rc::clone(link.transport()?);
        let sent = std::future::poll_fn(|cx| transport.poll_send_file(cx, &mut job)).await?;
        assert_eq!(sent, 7);
        log.until(|calls, _| calls.contains(&Call::Resume)).await;
        link.close().await;
        let calls = [Call::Made, Call::Pause, Call::Resume, Call::Lost(None)];
        assert_eq!(log.calls(), calls);
        assert!(reader.bytes()? == [&*before, b"content"].concat());
        Ok(())
    })
}

fn a_file_sent_inside_data_received_pauses_reading(context: &Given) -> Outcome {
    // In flight a file that was given up keeps the connection for a moment.
    let wanted = |setting: &Setting| setting.has_transport() && !setting.completes;
    over(context, wanted, async |stage| {
        let origin = stage.origin(&files::content(MUCH))?;
        let log = Log::default();
        let (recorder, job) = beginning(&log, &origin, |call| *call == Call::Data(1));
        let link = stage.link_of(log.clone(), recorder).await?;
        (&link.peer).write_all(b"x")?;
        log.until_data(1).await;
        (&link.peer).write_all(b"more")?;
        stage.scene.turns(20).await;
        assert_eq!(log.data(), b"x");
        let reader = link.reader()?;
        let mut job = job.take().expect("a file was begun");
        let transport = Rc::clone(link.transport()?);
        let sent = std::future::poll_fn(|cx| transport.poll_send_file(cx, &mut job)).await?;
        assert_eq!(sent, MUCH as u64);
        log.until_data(5).await;
        link.close().await;
        // The one that was given up may have sent its beginning.
        assert!(reader.bytes()?.ends_with(&files::content(MUCH)));
        Ok(())
    })
}
