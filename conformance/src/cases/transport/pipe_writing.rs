//! Transports over pipes: writing.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use loopline_core::{EventLoop, EventLoopExt, Flow, PipeExt, SendFileOptions, SendFileSupport};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::connections;
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::on_loop;
use crate::harness::sockets::Reader;
use crate::harness::{files, os};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        D33,
        a_reader_that_leaves_ends_the_transport,
        "When nobody reads a pipe, a FIFO or a socket any more, its transport ends without an error, although nothing is written."
    )
    .needs(Need::ANY_DESCRIPTOR),
    case!(
        D33,
        with_something_queued_it_is_an_error,
        "When the reader of a pipe leaves something that is queued, the error is a broken pipe; and so it is if the next write finds out, or a close is under way."
    )
    .needs(Need::ANY_DESCRIPTOR),
    case!(
        D33,
        everything_written_arrives,
        "What is written to a pipe arrives in order, with the writer paused and resumed by the marks, before the transport that is closed meanwhile ends."
    )
    .needs(Need::ANY_DESCRIPTOR),
    case!(
        D33,
        what_can_be_read_of_it_is_not_heard,
        "Of a socket that is only written to, and of a FIFO that is open for both, what can be read neither ends the transport nor wakes the loop again and again."
    )
    .needs(Need::ANY_DESCRIPTOR),
    case!(
        D33,
        a_file_goes_through_a_pipe,
        "A file is sent over a pipe by reading and writing, in order with other writes."
    )
    .needs(Need::ANY_DESCRIPTOR),
    case!(
        D52,
        the_end_of_a_pipe_is_its_close,
        "`write_eof` of a pipe closes it behind what is queued; nothing is read by it, and no layer is put onto it."
    )
    .needs(Need::ANY_DESCRIPTOR),
];

fn a_reader_that_leaves_ends_the_transport(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for os::PipeToWrite { kind, ours, theirs } in os::pipes_to_write()? {
            scene.context.doing(format!("writing to a {kind}"));
            let log = Log::default();
            let recorder = log.recorder();
            let (transport, _) = scene.connect_write_pipe(|| recorder, ours)?;
            assert!(!transport.is_reading());
            transport.pause_reading();
            assert_eq!(transport.write(b"hello")?, Flow::Open);
            scene.turns(3).await;
            assert_eq!(log.calls(), [Call::Made], "{kind}");
            let mut theirs = theirs;
            let mut hello = [0; 5];
            theirs.read_exact(&mut hello)?;
            drop(theirs);
            assert_eq!(log.until_lost().await, None, "{kind}");
            scene.turns(3).await;
            assert_eq!(log.calls(), [Call::Made, Call::Lost(None)], "{kind}");
            assert_eq!(transport.write(b"late")?, Flow::Closed);
        }
        Ok(())
    })
}

fn with_something_queued_it_is_an_error(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for closing in [false, true] {
            for os::PipeToWrite { kind, ours, theirs } in os::pipes_to_write()? {
                scene.context.doing(format!("writing to a {kind}"));
                let log = Log::default();
                let recorder = log.recorder();
                let (transport, _) = scene.connect_write_pipe(|| recorder, ours)?;
                connections::stuff(&transport)?;
                if closing {
                    transport.close();
                }
                scene.turns(2).await;
                drop(theirs);
                assert_eq!(
                    log.until_lost().await,
                    Some(ErrorKind::BrokenPipe),
                    "{kind}"
                );
            }
        }
        for os::PipeToWrite { kind, ours, theirs } in os::pipes_to_write()? {
            let log = Log::default();
            let recorder = log.recorder();
            let (transport, _) = scene.connect_write_pipe(|| recorder, ours)?;
            drop(theirs);
            assert_eq!(transport.write(b"x")?, Flow::Closed);
            assert_eq!(
                log.until_lost().await,
                Some(ErrorKind::BrokenPipe),
                "{kind}"
            );
        }
        Ok(())
    })
}

fn everything_written_arrives(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for os::PipeToWrite { kind, ours, theirs } in os::pipes_to_write()? {
            scene.context.doing(format!("writing to a {kind}"));
            let content = files::content(1 << 20);
            let log = Log::default();
            let recorder = log.recorder();
            let (transport, _) = scene.connect_write_pipe(|| recorder, ours)?;
            transport.set_write_buffer_limits(Some(4096), None)?;
            let mut flow = Flow::Open;
            for (number, piece) in content.chunks(50_000).enumerate() {
                flow = if number % 2 == 0 {
                    transport.write(piece)?
                } else {
                    let (one, other) = piece.split_at(piece.len() / 2);
                    transport.writelines(&[
                        io::IoSlice::new(one),
                        io::IoSlice::new(&[]),
                        io::IoSlice::new(other),
                    ])?
                };
            }
            assert_eq!(flow, Flow::Full);
            assert_eq!(log.calls(), [Call::Made, Call::Pause], "{kind}");
            let reader = Reader::of(theirs);
            log.until(|calls, _| calls.contains(&Call::Resume)).await;
            transport.write(b"behind")?;
            transport.close();
            assert_eq!(log.until_lost().await, None, "{kind}");
            while !reader.is_over() {
                scene.turns(1).await;
            }
            let arrived = reader.bytes()?;
            let (same, behind) = arrived.split_at(content.len());
            assert!(same == content, "{kind}");
            assert_eq!(behind, b"behind");
        }
        Ok(())
    })
}

fn what_can_be_read_of_it_is_not_heard(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for os::PipeToRead { kind, ours, theirs } in os::pipes_that_can_be_read()? {
            let mut theirs = theirs;
            scene.context.doing(format!("writing to a {kind}"));
            let log = Log::default();
            let recorder = log.recorder();
            let (transport, _) = scene.connect_write_pipe(|| recorder, ours)?;
            theirs.write_all(b"for nobody\n")?;
            scene.turns(3).await;
            let before = scene.snapshot().turns;
            scene.sleep(Duration::from_millis(20)).await;
            let turns = scene.snapshot().turns.wrapping_sub(before);
            assert!(turns < 10, "{turns} turns in a sleep, over a {kind}");
            assert_eq!(log.calls(), [Call::Made], "{kind}");
            assert_eq!(transport.write(b"x")?, Flow::Open);
            transport.close();
            assert_eq!(log.until_lost().await, None, "{kind}");
        }
        Ok(())
    })
}

fn a_file_goes_through_a_pipe(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let content = files::content(300_000);
        let file = Arc::new(files::file(&content)?);
        let (theirs, ours) = io::pipe()?;
        let log = Log::default();
        let recorder = log.recorder();
        let (transport, _) = scene.connect_write_pipe(|| recorder, ours)?;
        assert_eq!(transport.send_file_support(), SendFileSupport::Fallback);
        let reader = Reader::of(theirs);
        transport.write(b"before")?;
        let options = SendFileOptions::default();
        let sent = scene.sendfile(&transport, file.into(), options).await?;
        assert_eq!(sent, 300_000);
        transport.write(b"behind")?;
        transport.close();
        assert_eq!(log.until_lost().await, None);
        while !reader.is_over() {
            scene.turns(1).await;
        }
        let expected = [b"before", &content[..], b"behind"].concat();
        assert!(reader.bytes()? == expected);

        // A reader that leaves is an error of the file's caller too.
        let (theirs, ours) = io::pipe()?;
        let log = Log::default();
        let recorder = log.recorder();
        let (transport, _) = scene.connect_write_pipe(|| recorder, ours)?;
        let file = Arc::new(files::file(&content)?);
        let options = SendFileOptions::default();
        let mut sending = Box::pin(scene.sendfile(&transport, file.into(), options));
        assert!(!scene.ready_within(&mut sending, 5).await?);
        drop(theirs);
        assert!(sending.await.is_err());
        assert_eq!(log.until_lost().await, Some(ErrorKind::BrokenPipe));
        Ok(())
    })
}

fn the_end_of_a_pipe_is_its_close(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (theirs, ours) = io::pipe()?;
        let log = Log::default();
        let recorder = log.recorder();
        let (transport, _) = scene.connect_write_pipe(|| recorder, ours)?;
        assert!(transport.can_write_eof() && !transport.can_half_close());
        assert!(transport.hand_over().is_none());
        assert!(transport.socket().is_none());
        let written = connections::block(&transport)?;
        transport.write_eof()?;
        transport.write_eof()?;
        assert!(transport.is_closing());
        assert_eq!(transport.write(b"late")?, Flow::Closed);
        let reader = Reader::of(theirs);
        assert_eq!(log.until_lost().await, None);
        while !reader.is_over() {
            scene.turns(1).await;
        }
        assert_eq!(reader.bytes()?.len(), written);
        assert!(!log.calls().contains(&Call::Eof));
        Ok(())
    })
}
