//! Transports over pipes: reading.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Write};
use std::rc::Rc;

use loopline_core::{
    EventLoop, EventLoopExt, Loop, PipeError, PipeExt, SendFileErrorKind, SendFileOptions,
    SendFileSupport, WatchError, WriteError,
};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::on_loop;
use crate::harness::{files, os};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        D32,
        the_end_of_a_pipe_ends_its_transport,
        "What comes through a pipe, a FIFO, a terminal or a socket is data; at the end come `eof_received`, whatever it answers, and `connection_lost`, and nothing is reported."
    )
    .needs(Need::ANY_DESCRIPTOR)
    .otherwise(pipes_are_refused),
    case!(
        D32,
        lost_comes_in_a_later_turn_than_the_end,
        "What `eof_received` queues runs before `connection_lost`, which finds the descriptor open."
    )
    .needs(Need::ANY_DESCRIPTOR),
    case!(
        D32,
        reading_from_a_pipe_is_paused_and_resumed,
        "While reading is paused neither data nor the end of a pipe comes; both do afterwards."
    )
    .needs(Need::ANY_DESCRIPTOR),
    case!(
        D32,
        what_is_no_pipe_is_refused_untouched,
        "A regular file, a directory, the wrong end, and a device that is never waited for are typed errors; no protocol is made, and a shared descriptor is as before."
    )
    .needs(Need::ANY_DESCRIPTOR),
    case!(
        D32,
        what_is_read_cannot_be_written,
        "Writing, ending the sending half and sending a file are refused by a transport that only reads; closing it closes the descriptor."
    )
    .needs(Need::ANY_DESCRIPTOR),
    case!(
        D32,
        a_descriptor_blocks_again_afterwards,
        "A descriptor that is shared does not block while transports use it, and does again after the last of them, if it did before."
    )
    .needs(Need::ANY_DESCRIPTOR),
];

fn the_end_of_a_pipe_ends_its_transport(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for stays in [false, true] {
            for os::PipeToRead { kind, ours, theirs } in os::pipes_to_read()? {
                scene.context.doing(format!("reading from a {kind}"));
                let log = Log::default();
                let mut recorder = log.recorder();
                if stays {
                    recorder = recorder.keep_open();
                }
                let (transport, _) = scene.connect_read_pipe(|| recorder, ours)?;
                assert_eq!(log.calls(), [Call::Made]);
                assert!(transport.is_reading());
                let mut theirs = theirs;
                theirs.write_all(b"hello\n")?;
                theirs.flush()?;
                log.until_data(6).await;
                scene.turns(2).await;
                // A terminal puts a carriage return before the line feed.
                let data = log.data();
                assert!(
                    data.starts_with(b"hello") && data.ends_with(b"\n"),
                    "{kind}"
                );
                drop(theirs);
                let lost = log.until_lost().await;
                scene.turns(3).await;
                let mut calls = vec![
                    Call::Made,
                    Call::Data(data.len()),
                    Call::Eof,
                    Call::Lost(None),
                ];
                if lost.is_some() {
                    // A terminal may say so by EIO.
                    assert_eq!(kind, "terminal", "{lost:?}");
                    calls.truncate(2);
                    calls.push(Call::Lost(lost));
                }
                assert_eq!(log.calls(), calls, "{kind}");
                assert!(transport.is_closing());
            }
        }
        Ok(())
    })
}

fn lost_comes_in_a_later_turn_than_the_end(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, theirs) = io::pipe()?;
        let watched = ours.try_clone()?;
        let order = Rc::new(RefCell::new(Vec::new()));
        let log = Log::default();
        let (inside, handle) = (Rc::clone(&order), scene.handle());
        let recorder = log.recorder().reacting(move |call, _| {
            match call {
                Call::Eof => {
                    let inside = Rc::clone(&inside);
                    handle.call_soon(move || inside.borrow_mut().push("queued"))?;
                }
                Call::Lost(_) => inside.borrow_mut().push("lost"),
                _ => {}
            }
            Ok(())
        });
        let (_transport, _) = scene.connect_read_pipe(|| recorder, ours)?;
        drop(theirs);
        assert_eq!(log.until_lost().await, None);
        assert_eq!(*order.borrow(), ["queued", "lost"]);
        drop(watched);
        Ok(())
    })
}

fn reading_from_a_pipe_is_paused_and_resumed(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = io::pipe()?;
        let log = Log::default();
        let recorder = log.recorder();
        let (transport, _) = scene.connect_read_pipe(|| recorder, ours)?;
        transport.pause_reading();
        transport.pause_reading();
        assert!(!transport.is_reading());
        theirs.write_all(b"data")?;
        drop(theirs);
        scene.turns(5).await;
        assert_eq!(log.calls(), [Call::Made]);
        transport.resume_reading();
        assert!(transport.is_reading());
        assert_eq!(log.until_lost().await, None);
        let calls = [Call::Made, Call::Data(4), Call::Eof, Call::Lost(None)];
        assert_eq!(log.calls(), calls);
        transport.pause_reading();
        transport.resume_reading();
        assert!(!transport.is_reading());
        Ok(())
    })
}

fn what_is_no_pipe_is_refused_untouched(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for (kind, pipe) in [
            ("file", files::file(b"content")?),
            ("directory", os::directory()?),
        ] {
            let log = Log::default();
            let refused = scene.connect_read_pipe(|| log.recorder(), pipe).map(drop);
            assert!(
                matches!(refused, Err(PipeError::Kind { .. })),
                "{kind}: {refused:?}"
            );
            assert_eq!(log.calls(), []);
        }
        let writable = files::file(b"")?;
        let refused = scene.connect_write_pipe(|| Log::default().recorder(), writable);
        let refused = refused.map(drop);
        assert!(
            matches!(refused, Err(PipeError::Kind { .. })),
            "{refused:?}"
        );

        let (reader, writer) = io::pipe()?;
        let (kept_reader, kept_writer) = (reader.try_clone()?, writer.try_clone()?);
        let refused = scene.connect_read_pipe(|| Log::default().recorder(), writer);
        let refused = refused.map(drop);
        assert!(
            matches!(refused, Err(PipeError::Direction { .. })),
            "{refused:?}"
        );
        let refused = scene.connect_write_pipe(|| Log::default().recorder(), reader);
        let refused = refused.map(drop);
        assert!(
            matches!(refused, Err(PipeError::Direction { .. })),
            "{refused:?}"
        );
        assert!(os::blocks(&kept_reader)? && os::blocks(&kept_writer)?);

        for write in [false, true] {
            let null = os::null_device()?;
            let factory = || Log::default().recorder();
            let refused = if write {
                scene.connect_write_pipe(factory, null).map(drop)
            } else {
                scene.connect_read_pipe(factory, null).map(drop)
            };
            match refused {
                Err(PipeError::Watch(WatchError::Unsupported { .. })) => {}
                Err(error) => return Err(error.into()),
                // Some kernels call it ready.
                Ok(()) => scene.shutdown().await,
            }
        }

        let closed = Loop::with_backend(context.backend()?);
        closed.close()?;
        let (reader, _writer) = io::pipe()?;
        let refused = closed.connect_read_pipe(|| Log::default().recorder(), reader);
        let refused = refused.map(drop);
        assert!(matches!(refused, Err(PipeError::Closed(_))), "{refused:?}");
        Ok(())
    })
}

fn what_is_read_cannot_be_written(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = io::pipe()?;
        let log = Log::default();
        let recorder = log.recorder();
        let (transport, _) = scene.connect_read_pipe(|| recorder, ours)?;
        assert_eq!(transport.write(b"x"), Err(WriteError::ReadOnly));
        assert_eq!(transport.writelines(&[]), Err(WriteError::ReadOnly));
        assert!(!transport.can_write_eof());
        assert_eq!(transport.write_eof(), Err(WriteError::EofUnsupported));
        assert_eq!(transport.send_file_support(), SendFileSupport::Unsupported);
        let file = std::sync::Arc::new(files::file(b"content")?);
        let options = SendFileOptions::default();
        let sent = scene.sendfile(&transport, file.into(), options).await;
        let refused = sent.map_err(|error| matches!(error.kind(), SendFileErrorKind::Unsupported));
        assert_eq!(refused, Err(true));
        assert!(transport.hand_over().is_none());
        assert!(!transport.is_closing());
        theirs.write_all(b"x")?;
        log.until_data(1).await;
        transport.close();
        assert_eq!(log.until_lost().await, None);
        let broken = theirs.write_all(b"x").map_err(|error| error.kind());
        assert_eq!(broken, Err(ErrorKind::BrokenPipe));
        Ok(())
    })
}

fn a_descriptor_blocks_again_afterwards(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let made = || Log::default().recorder();
        let (ours, _theirs) = io::pipe()?;
        let (kept, again) = (ours.try_clone()?, ours.try_clone()?);
        let log = Log::default();
        let recorder = log.recorder();
        let (one, _) = scene.connect_read_pipe(|| recorder, ours)?;
        assert!(!os::blocks(&kept)?);
        // Of the same file: it goes on without blocking.
        let last = Log::default();
        let recorder = last.recorder();
        let (other, _) = scene.connect_read_pipe(|| recorder, again)?;
        one.close();
        log.until_lost().await;
        scene.turns(1).await;
        assert!(!os::blocks(&kept)?);
        other.abort();
        last.until_lost().await;
        scene.turns(1).await;
        assert!(os::blocks(&kept)?);

        // One that did not block before is left so.
        let (ours, _theirs) = io::pipe()?;
        os::unblock(&ours)?;
        let kept = ours.try_clone()?;
        let (transport, _) = scene.connect_read_pipe(made, ours)?;
        transport.close();
        scene.turns(3).await;
        assert!(!os::blocks(&kept)?);

        // The end of the loop is the end of all its transports.
        let (ours, _theirs) = io::pipe()?;
        let kept = ours.try_clone()?;
        let event_loop = Loop::with_backend(context.backend()?);
        let _transport = event_loop.connect_read_pipe(made, ours)?;
        assert!(!os::blocks(&kept)?);
        event_loop.close()?;
        assert!(os::blocks(&kept)?);
        Ok(())
    })
}

/// Where only sockets are watched.
fn pipes_are_refused(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (reader, writer) = io::pipe()?;
        let log = Log::default();
        let read = scene.connect_read_pipe(|| log.recorder(), reader).map(drop);
        let write = scene
            .connect_write_pipe(|| log.recorder(), writer)
            .map(drop);
        for refused in [read, write] {
            assert!(
                matches!(
                    refused,
                    Err(PipeError::Watch(WatchError::Unsupported { .. }))
                ),
                "{refused:?}"
            );
        }
        assert_eq!(log.calls(), []);
        Ok(())
    })
}
