//! What else is sent over a transport while a file is on its way.

use std::io::{IoSlice, Write};
use std::rc::Rc;

use loopline_core::{
    EventLoop, FileJob, SendFileErrorKind as Kind, SendFileOptions, Transport, WriteError,
};

use super::meanwhile::{stalled, whole};
use crate::case::{Case, case};
use crate::context::Context as Given;
use crate::harness::files;
use crate::harness::stage::{MUCH, Stage, over_transports};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        A41,
        it_waits_for_what_was_written,
        "Nothing of a file leaves before what was written has left."
    )
    .over_tls(),
    case!(
        A42,
        writing_is_refused,
        "Writing while a file is on its way is refused, and the file arrives whole."
    )
    .over_tls(),
    case!(
        A43,
        writing_nothing_is_refused_too,
        "Writing several slices, or none, while a file is on its way is refused."
    )
    .over_tls(),
    case!(
        A44,
        writing_is_refused_on_every_way,
        "Writing is refused also where the file is read and written."
    )
    .over_tls(),
    case!(
        A45,
        the_half_is_closed_after_the_file,
        "An end of the sending half that is asked for meanwhile comes after the file."
    ),
    case!(
        A47,
        a_second_file_is_refused,
        "A second file while one is on its way is refused, and the first arrives whole."
    )
    .over_tls(),
    case!(
        A48,
        no_byte_of_a_second_file_is_mixed_in,
        "A second file that is refused can be sent after the first."
    )
    .over_tls(),
];

fn it_waits_for_what_was_written(context: &Given) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let before = files::content(MUCH);
        link.write(&before)?;
        let queued = link.transport()?.write_buffer_size();
        assert!(queued > 0, "everything fits into the sockets");
        let seen = Rc::new(std::cell::Cell::new(None));
        let note = Rc::clone(&seen);
        let transport = Rc::clone(link.transport()?);
        let options = SendFileOptions::default().progress(move |_, _| {
            let size = transport.write_buffer_size();
            note.set(note.get().or(Some(size)));
        });
        let origin = stage.origin(b"content")?;
        let mut sending = stage.send(&link.end, origin.source(), options);
        assert!(!stage.scene.ready_within(&mut sending, 20).await?);
        assert_eq!(seen.get(), None, "some of the file has left already");
        let reader = link.reader()?;
        assert_eq!(sending.await?, 7);
        assert_eq!(seen.get(), Some(0), "the queue was not empty");
        link.close().await;
        assert!(reader.bytes()? == [&*before, b"content"].concat());
        Ok(())
    })
}

/// What every kind of write answers.
fn refused(transport: &Rc<dyn Transport>) {
    let refusal = Err(WriteError::SendFileInProgress);
    assert_eq!(transport.write(b"x"), refusal);
    assert_eq!(transport.write(b""), refusal);
    let lines = [IoSlice::new(b"x"), IoSlice::new(b"y")];
    assert_eq!(transport.writelines(&lines), refusal);
    assert_eq!(transport.writelines(&[]), refusal);
}

fn writing_is_refused(context: &Given) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let transport = Rc::clone(link.transport()?);
        let sending = stalled(stage, &link).await?;
        refused(&transport);
        drop(sending);
        stage.settled().await;
        // Given up, it is not in progress any more.
        transport.write(b"x")?;
        transport.abort();
        link.log.until_lost().await;
        Ok(())
    })
}

fn writing_nothing_is_refused_too(context: &Given) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let transport = Rc::clone(link.transport()?);
        // While it still waits for the queue.
        transport.write(&files::content(MUCH))?;
        let origin = stage.origin(b"content")?;
        let mut sending = stage.send(&link.end, origin.source(), SendFileOptions::default());
        assert!(!stage.scene.ready_within(&mut sending, 3).await?);
        refused(&transport);
        let reader = link.reader()?;
        assert_eq!(sending.await?, 7);
        link.close().await;
        assert!(reader.bytes()? == [files::content(MUCH), b"content".to_vec()].concat());
        Ok(())
    })
}

async fn guarded(stage: &Stage<'_>) -> Outcome {
    let link = stage.link().await?;
    let transport = Rc::clone(link.transport()?);
    let sending = stalled(stage, &link).await?;
    refused(&transport);
    whole(&link, sending).await
}

fn writing_is_refused_on_every_way(context: &Given) -> Outcome {
    over_transports(context, guarded)
}

fn the_half_is_closed_after_the_file(context: &Given) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let transport = Rc::clone(link.transport()?);
        let sending = stalled(stage, &link).await?;
        transport.write_eof()?;
        transport.write_eof()?;
        let reader = link.reader()?;
        assert_eq!(sending.await?, MUCH as u64);
        // The peer sees the end although the connection is open.
        let bytes = reader.bytes()?;
        assert!(bytes == files::content(MUCH), "other bytes arrived");
        assert!(!transport.is_closing());
        assert_eq!(transport.write(b"x"), Err(WriteError::EofWritten));
        (&link.peer).write_all(b"hello")?;
        link.log.until_data(5).await;
        link.close().await;
        Ok(())
    })
}

fn a_second_file_is_refused(context: &Given) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let transport = Rc::clone(link.transport()?);
        let sending = stalled(stage, &link).await?;
        for _ in 0..2 {
            let second = stage.origin(b"second")?;
            second.set_position(3)?;
            let mut job = FileJob::new(second.source(), SendFileOptions::default());
            let answer = std::future::poll_fn(|cx| transport.poll_send_file(cx, &mut job)).await;
            let error = answer.expect_err("it was taken");
            assert!(matches!(error.kind(), Kind::InProgress), "{error}");
            assert_eq!(second.position()?, 3);
        }
        let reader = link.reader()?;
        assert_eq!(sending.await?, MUCH as u64);
        link.close().await;
        assert!(reader.bytes()? == files::content(MUCH));
        Ok(())
    })
}

fn no_byte_of_a_second_file_is_mixed_in(context: &Given) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let transport = Rc::clone(link.transport()?);
        let sending = stalled(stage, &link).await?;
        let second = stage.origin(b"second")?;
        let again = || {
            stage
                .scene
                .sendfile(&transport, second.source(), SendFileOptions::default())
        };
        assert!(again().await.is_err());
        let reader = link.reader()?;
        sending.await?;
        assert_eq!(again().await?, 6);
        link.close().await;
        assert!(reader.bytes()? == [files::content(MUCH), b"second".to_vec()].concat());
        Ok(())
    })
}
