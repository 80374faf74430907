//! Giving a file up, at every stage.

use std::cell::Cell;
use std::rc::Rc;

use loopline_core::{FileJob, FilePosition, FileSource, SendFileOptions, Transport};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::gated::Gate;
use crate::harness::recorder::Call;
use crate::harness::stage::{
    Carrier, Link, MUCH, Setting, Stage, Way, over, over_all, over_transports,
};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        A36,
        the_position_is_what_arrived,
        "A file that is given up has its position behind what the peer gets of it."
    )
    .over_tls(),
    case!(
        A36,
        the_position_is_what_arrived_of_a_range,
        "A range that is given up leaves the position at its offset and what the peer gets."
    )
    .over_tls(),
    case!(
        A36,
        a_position_to_be_kept_is_kept,
        "A file that is given up keeps a position that is to be left alone."
    )
    .over_tls(),
    case!(
        A36,
        a_kernel_that_was_at_it_counts,
        "What a job in flight sends after it was given up is part of the position."
    ),
    case!(
        A37,
        what_was_read_and_not_sent_does_not_count,
        "A reader that was read further than was sent is moved back, also when the read is under way."
    ),
    case!(
        A67,
        given_up_before_anything_left,
        "A file that still waits for what was written is given up without a trace."
    )
    .over_tls(),
    case!(
        A68,
        the_connection_goes_on,
        "After a file was given up the connection writes, reads, and sends files."
    )
    .over_tls(),
    case!(
        A68,
        a_job_that_never_began_leaves_no_trace,
        "A job that is dropped before it was polled touches nothing, and one that is polled after its end says so."
    )
    .over_tls(),
    case!(
        A68,
        cancelling_tells_what_has_left,
        "Cancelling a job answers how many bytes have left, and again is nothing."
    )
    .over_tls(),
];

/// Options that note how much has left.
fn noting() -> (Rc<Cell<u64>>, SendFileOptions) {
    let noted = Rc::new(Cell::new(0));
    let note = Rc::clone(&noted);
    let options = SendFileOptions::default().progress(move |sent, _| note.set(sent));
    (noted, options)
}

/// Gives a file up that the peer does not read, and checks that what arrives
/// is what the position says.
async fn given_up(stage: &Stage<'_>, offset: u64, turns: usize) -> Outcome {
    let content = files::content(MUCH + 1000);
    let origin = stage.origin(&content)?;
    let link = stage.link().await?;
    let (noted, progress) = noting();
    let options = progress.offset(offset);
    let mut sending = stage.send(&link.end, origin.source(), options);
    stage.doing("sending to a peer that does not read");
    assert!(!stage.scene.ready_within(&mut sending, turns).await?);
    drop(sending);
    let position = stage.given_up_at(&origin, offset + noted.get()).await?;
    let reader = link.reader()?;
    stage.doing("writing on");
    link.write(b"after")?;
    link.close().await;
    let start = usize::try_from(offset)?;
    let expected = [&content[start..usize::try_from(position)?], b"after"].concat();
    let bytes = reader.bytes()?;
    assert_eq!(bytes.len(), expected.len(), "after {turns} turns");
    assert!(bytes == expected, "other bytes arrived");
    Ok(())
}

fn the_position_is_what_arrived(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        for turns in [0, 1, 2, 5, 30] {
            given_up(stage, 0, turns).await?;
        }
        Ok(())
    })
}

fn the_position_is_what_arrived_of_a_range(context: &Context) -> Outcome {
    over_all(context, async |stage| given_up(stage, 1_000, 10).await)
}

fn a_position_to_be_kept_is_kept(context: &Context) -> Outcome {
    // Reading a reader that is no file moves it.
    over(
        context,
        |setting| setting.way != Way::Memory,
        async |stage| {
            let origin = stage.origin(&files::content(MUCH))?;
            origin.set_position(77)?;
            let link = stage.link().await?;
            let options = SendFileOptions::default().position(FilePosition::Keep);
            let mut sending = stage.send(&link.end, origin.source(), options);
            assert!(!stage.scene.ready_within(&mut sending, 20).await?);
            drop(sending);
            stage.settled().await;
            assert_eq!(origin.position()?, 77);
            let reader = link.reader()?;
            link.close().await;
            reader.bytes()?;
            Ok(())
        },
    )
}

fn a_kernel_that_was_at_it_counts(context: &Context) -> Outcome {
    let completing = |setting: &Setting| setting.way == Way::Completing;
    over(context, completing, async |stage| {
        for sends in [true, false] {
            let content = files::content(MUCH);
            let origin = stage.origin(&content)?;
            let link = stage.link().await?;
            stage.hold.held.set(true);
            stage.hold.sends_when_cancelled.set(sends);
            let cancelled = stage.hold.cancelled.get();
            let mut sending = stage.send(&link.end, origin.source(), SendFileOptions::default());
            assert!(!stage.scene.ready_within(&mut sending, 5).await?);
            assert_eq!(stage.hold.in_flight.get(), 1);
            drop(sending);
            assert_eq!(stage.hold.cancelled.get(), cancelled + 1, "not cancelled");
            stage.settled().await;
            stage.hold.held.set(false);
            let position = usize::try_from(origin.position()?)?;
            assert_eq!(position > 0, sends);
            let reader = link.reader()?;
            link.write(b"after")?;
            link.close().await;
            assert!(reader.bytes()? == [&content[..position], b"after"].concat());
        }
        Ok(())
    })
}

fn what_was_read_and_not_sent_does_not_count(context: &Context) -> Outcome {
    over(
        context,
        |setting| setting.way == Way::Memory,
        async |stage| {
            for offset in [0, 10] {
                let gate = Gate::default();
                let source = FileSource::reader(gate.reader(&files::content(1_000)));
                let link = stage.link().await?;
                let options = SendFileOptions::default().offset(offset);
                let mut sending = stage.send(&link.end, source, options);
                stage.doing("waiting for the read on another thread");
                while !gate.is_reading() {
                    assert!(!stage.scene.ready_within(&mut sending, 1).await?);
                }
                drop(sending);
                // The connection does not wait for the thread.
                let reader = link.reader()?;
                link.write(b"after")?;
                link.close().await;
                assert_eq!(reader.bytes()?, b"after");
                gate.open();
                stage.doing("waiting for the reader to be moved back");
                gate.await_position(offset);
                stage.settled().await;
                assert_eq!(gate.position(), offset);
            }
            Ok(())
        },
    )
}

fn given_up_before_anything_left(context: &Context) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let transport = Rc::clone(link.transport()?);
        let before = files::content(MUCH);
        transport.write(&before)?;
        let origin = stage.origin(b"content")?;
        let options = SendFileOptions::default().offset(2);
        let mut sending = stage.send(&link.end, origin.source(), options);
        assert!(!stage.scene.ready_within(&mut sending, 5).await?);
        drop(sending);
        assert_eq!(origin.position()?, 2);
        transport.write(b"after")?;
        std::io::Write::write_all(&mut &link.peer, b"hello")?;
        link.log.until_data(5).await;
        let reader = link.reader()?;
        let log = link.log.clone();
        link.close().await;
        assert_eq!(log.count(|call| matches!(call, Call::Resume)), 1);
        assert!(reader.bytes()? == [&*before, b"after"].concat());
        Ok(())
    })
}

fn the_connection_goes_on(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        let link = stage.link().await?;
        let content = files::content(MUCH);
        let mut expected = Vec::new();
        for _ in 0..3 {
            let origin = stage.origin(&content)?;
            let (noted, options) = noting();
            let mut sending = stage.send(&link.end, origin.source(), options);
            assert!(!stage.scene.ready_within(&mut sending, 5).await?);
            drop(sending);
            let sent = usize::try_from(stage.given_up_at(&origin, noted.get()).await?)?;
            expected.extend_from_slice(&content[..sent]);
            stage.doing("reading what has left");
            assert!(link.arrival(sent).await? == content[..sent]);
        }
        if stage.setting.carrier == Carrier::Transport {
            std::io::Write::write_all(&mut &link.peer, b"hello")?;
            link.log.until_data(5).await;
        }
        let reader = link.reader()?;
        let origin = stage.origin(&content)?;
        let sent = stage.send(&link.end, origin.source(), SendFileOptions::default());
        assert_eq!(sent.await?, MUCH as u64);
        link.close().await;
        assert!(reader.bytes()? == content, "other bytes arrived");
        Ok(())
    })
}

fn a_job_that_never_began_leaves_no_trace(context: &Context) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let other = stage.link().await?;
        let origin = stage.origin(b"content")?;
        origin.set_position(3)?;
        drop(FileJob::new(origin.source(), SendFileOptions::default()));
        let mut job = FileJob::new(origin.source(), SendFileOptions::default());
        assert_eq!(job.cancel(), 0);
        assert_eq!(origin.position()?, 3);
        let poll = async |transport: &Rc<dyn Transport>, job: &mut FileJob| {
            std::future::poll_fn(|cx| transport.poll_send_file(cx, job)).await
        };
        let ended = poll(link.transport()?, &mut job).await;
        assert!(ended.is_err(), "a cancelled job was sent");
        // A job that is under way is asked through any transport.
        let much = stage.origin(&files::content(MUCH))?;
        let mut job = FileJob::new(much.source(), SendFileOptions::default());
        let transport = Rc::clone(link.transport()?);
        let mut first = Box::pin(std::future::poll_fn(|cx| {
            transport.poll_send_file(cx, &mut job)
        }));
        assert!(!stage.scene.ready_within(&mut first, 5).await?);
        drop(first);
        let reader = link.reader()?;
        assert_eq!(poll(other.transport()?, &mut job).await?, MUCH as u64);
        assert!(poll(other.transport()?, &mut job).await.is_err());
        drop(job);
        finish(link).await;
        finish(other).await;
        assert!(reader.bytes()? == files::content(MUCH));
        Ok(())
    })
}

async fn finish(link: Link) {
    link.close().await;
}

fn cancelling_tells_what_has_left(context: &Context) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let origin = stage.origin(&files::content(MUCH))?;
        let mut job = FileJob::new(origin.source(), SendFileOptions::default().offset(5));
        let transport = Rc::clone(link.transport()?);
        let mut sending = Box::pin(std::future::poll_fn(|cx| {
            transport.poll_send_file(cx, &mut job)
        }));
        assert!(!stage.scene.ready_within(&mut sending, 10).await?);
        drop(sending);
        let sent = job.cancel();
        assert_eq!(job.cancel(), 0);
        stage.settled().await;
        // A job in flight may get further before it ends.
        assert!(origin.position()? >= 5 + sent);
        if !stage.setting.completes {
            assert_eq!(origin.position()?, 5 + sent);
        }
        let reader = link.reader()?;
        link.close().await;
        reader.bytes()?;
        Ok(())
    })
}
