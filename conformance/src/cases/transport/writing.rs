//! Connections: writing, and the end of the sending half.

use std::io::{ErrorKind, IoSlice, Read};
use std::time::Duration;

use loopline_core::{EventLoopExt, Flow, Severity};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::connections::{self, Kind, over_each};
use crate::harness::files;
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::on_loop;
use crate::harness::sockets;
use crate::verdict::Outcome;

/// For a peer that would otherwise wait for ever in a case that fails.
const LONG: Duration = Duration::from_secs(10);

pub(super) const CASES: &[Case] = &[
    case!(
        D34,
        a_write_leaves_at_once,
        "What the kernel takes has left when `write` returns."
    )
    .anywhere(),
    case!(
        D34,
        what_the_kernel_does_not_take_follows,
        "What the kernel does not take at once is queued, and follows in order."
    )
    .anywhere(),
    case!(
        D35,
        an_empty_write_does_nothing,
        "Writing nothing changes nothing, whatever is queued."
    )
    .anywhere(),
    case!(
        D35,
        an_empty_write_finds_nothing_out,
        "Writing nothing asks the kernel nothing: that the connection was reset is not told by it."
    ),
    case!(
        D36,
        tens_of_thousands_of_small_writes_arrive,
        "30,000 small writes of both kinds arrive whole and in order."
    )
    .anywhere(),
    case!(
        D37,
        writelines_is_one_write,
        "`writelines` sends its slices as if they were one, with flow control."
    )
    .anywhere(),
    case!(
        D37,
        writelines_on_a_lost_connection_is_dropped,
        "`writelines` on a closing or lost connection drops everything."
    )
    .anywhere(),
    case!(
        D38,
        empty_slices_do_no_harm,
        "Empty slices anywhere in `writelines` neither hold bytes back nor keep a connection open."
    )
    .anywhere(),
    case!(
        D39,
        thousands_of_slices_arrive,
        "More slices than one system call takes arrive whole, also if sends stop within a slice."
    )
    .anywhere(),
    case!(
        D40,
        a_written_buffer_is_free_again,
        "Changing a buffer after `write` returned does not change what the peer gets."
    )
    .anywhere(),
    case!(
        D49,
        the_fifth_dropped_write_warns,
        "Writes on a closing or lost connection are dropped, and the fifth one warns, once."
    )
    .anywhere(),
    case!(
        D50,
        a_failed_write_ends_the_connection,
        "A write error drops the queue and reaches `connection_lost`; `write` itself does not fail."
    )
    .anywhere(),
    case!(
        D50,
        a_failed_flush_ends_the_connection,
        "An error while the queue is sent drops it and reaches `connection_lost`, also while closing."
    )
    .anywhere(),
];

fn a_write_leaves_at_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, mut theirs) =
                connections::peer_over(scene, kind, log.recorder()).await?;
            theirs.set_read_timeout(LONG)?;
            assert_eq!(transport.write(b"one")?, Flow::Open);
            let lines = [IoSlice::new(b"tw"), IoSlice::new(b"o")];
            assert_eq!(transport.writelines(&lines)?, Flow::Open);
            assert_eq!(transport.write_buffer_size(), 0);
            let mut got = [0; 6];
            theirs.read_exact(&mut got)?;
            assert_eq!(&got, b"onetwo");
            Ok(())
        })
        .await
    })
}

fn what_the_kernel_does_not_take_follows(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let content = files::content(1 << 20);
            let log = Log::default();
            let (transport, theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            for piece in content.chunks(100_000) {
                transport.write(piece)?;
            }
            assert!(transport.write_buffer_size() > 0);
            let reader = theirs.reader();
            transport.close();
            assert_eq!(log.until_lost().await, None);
            assert!(reader.bytes().await? == content);
            Ok(())
        })
        .await
    })
}

fn an_empty_write_does_nothing(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            assert_eq!(transport.write(b"")?, Flow::Open);
            assert_eq!(transport.writelines(&[])?, Flow::Open);
            assert_eq!(transport.write_buffer_size(), 0);
            let written = connections::stuff(&transport)?;
            let queued = transport.write_buffer_size();
            transport.write(b"")?;
            transport.writelines(&[IoSlice::new(b""), IoSlice::new(b"")])?;
            assert_eq!(transport.write_buffer_size(), queued);
            let reader = theirs.reader();
            transport.close();
            log.until_lost().await;
            assert_eq!(reader.bytes().await?.len(), written);
            Ok(())
        })
        .await
    })
}

fn an_empty_write_finds_nothing_out(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (ours, theirs) = sockets::pair()?;
        let seen = ours.try_clone()?;
        let recorder = log.recorder();
        let (transport, _) = scene.connect_accepted_socket(|| recorder, ours).await?;
        sockets::reset(theirs)?;
        // To look at the error is to take it away; the connection stays broken.
        assert!(sockets::await_readable(&seen).is_err());
        assert_eq!(transport.write(b"")?, Flow::Open);
        let empty = [IoSlice::new(b""), IoSlice::new(b"")];
        assert_eq!(transport.writelines(&empty)?, Flow::Open);
        assert!(!transport.is_closing());
        log.until_lost().await;
        Ok(())
    })
}

fn tens_of_thousands_of_small_writes_arrive(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            let reader = theirs.reader();
            let mut expected = Vec::new();
            for number in 0..30_000_u32 {
                let line = number.to_string();
                expected.extend_from_slice(line.as_bytes());
                if number % 3 == 0 {
                    let (head, tail) = line.as_bytes().split_at(line.len() / 2);
                    transport.writelines(&[IoSlice::new(head), IoSlice::new(tail)])?;
                } else {
                    transport.write(line.as_bytes())?;
                }
                if number % 1000 == 0 {
                    scene.turns(1).await;
                }
            }
            transport.close();
            assert_eq!(log.until_lost().await, None);
            assert!(reader.bytes().await? == expected);
            Ok(())
        })
        .await
    })
}

fn writelines_is_one_write(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            let written = connections::stuff(&transport)?;
            let queued = transport.write_buffer_size();
            transport.set_write_buffer_limits(Some(queued + 5), None)?;
            let lines = [IoSlice::new(b"abc"), IoSlice::new(b"de")];
            assert_eq!(transport.writelines(&lines)?, Flow::Open);
            assert_eq!(transport.writelines(&lines[1..])?, Flow::Full);
            assert_eq!(transport.write_buffer_size(), queued + 7);
            assert_eq!(log.calls(), [Call::Made, Call::Pause]);
            let reader = theirs.reader();
            transport.close();
            log.until_lost().await;
            assert_eq!(&reader.bytes().await?[written..], b"abcdede");
            Ok(())
        })
        .await
    })
}

fn writelines_on_a_lost_connection_is_dropped(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (transport, _theirs) =
            connections::peer_over(scene, Kind::any(scene), log.recorder()).await?;
        transport.close();
        let lines = [IoSlice::new(b"late")];
        assert_eq!(transport.writelines(&lines)?, Flow::Closed);
        log.until_lost().await;
        assert_eq!(transport.writelines(&lines)?, Flow::Closed);
        assert_eq!(transport.write_buffer_size(), 0);
        Ok(())
    })
}

fn empty_slices_do_no_harm(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            for full in [false, true] {
                let log = Log::default();
                let (transport, theirs) = connections::narrow(scene, kind, log.recorder()).await?;
                let mut before = 0;
                if full {
                    before = connections::stuff(&transport)?;
                }
                let empty = IoSlice::new(b"");
                let mut lines = vec![empty; 1500];
                lines.push(IoSlice::new(b"body"));
                lines.extend([empty; 1500]);
                transport.writelines(&lines)?;
                transport.writelines(&[empty])?;
                let reader = theirs.reader();
                transport.close();
                assert_eq!(log.until_lost().await, None);
                assert_eq!(&reader.bytes().await?[before..], b"body");
            }
            Ok(())
        })
        .await
    })
}

fn thousands_of_slices_arrive(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            for size in [1, 7, 200] {
                let content = files::content(5000 * size);
                let lines: Vec<_> = content.chunks(size).map(IoSlice::new).collect();
                let log = Log::default();
                let (transport, theirs) = connections::narrow(scene, kind, log.recorder()).await?;
                transport.writelines(&lines)?;
                let reader = theirs.reader();
                transport.writelines(&lines)?;
                transport.close();
                assert_eq!(log.until_lost().await, None);
                assert!(reader.bytes().await? == [&content[..], &content[..]].concat());
            }
            Ok(())
        })
        .await
    })
}

fn a_written_buffer_is_free_again(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            let mut buffer = vec![1; 300_000];
            transport.write(&buffer)?;
            buffer.fill(2);
            transport.writelines(&[IoSlice::new(&buffer)])?;
            buffer.fill(3);
            drop(buffer);
            let reader = theirs.reader();
            transport.close();
            log.until_lost().await;
            assert!(reader.bytes().await? == [vec![1; 300_000], vec![2; 300_000]].concat());
            Ok(())
        })
        .await
    })
}

fn the_fifth_dropped_write_warns(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (transport, _theirs) =
            connections::peer_over(scene, Kind::any(scene), log.recorder()).await?;
        transport.close();
        for _ in 0..3 {
            assert_eq!(transport.write(b"late")?, Flow::Closed);
        }
        log.until_lost().await;
        assert_eq!(transport.write(b"later")?, Flow::Closed);
        assert!(scene.reports().is_empty());
        transport.write(b"the fifth")?;
        let reports = scene.reports();
        assert_eq!(reports.len(), 1);
        assert_eq!(reports[0].severity, Severity::Warning);
        for _ in 0..300 {
            transport.write(b"and so on")?;
        }
        assert!(scene.reports().is_empty());
        Ok(())
    })
}

fn a_failed_write_ends_the_connection(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, theirs) = connections::peer_over(scene, kind, log.recorder()).await?;
            transport.pause_reading();
            drop(theirs);
            let mut answer = Flow::Open;
            while answer != Flow::Closed {
                answer = transport.write(b"into the void")?;
                scene.turns(1).await;
            }
            assert!(transport.is_closing());
            assert_eq!(transport.write_buffer_size(), 0);
            let lost = log.until_lost().await;
            let gone = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
            assert!(lost.is_some_and(|kind| gone.contains(&kind)), "{lost:?}");
            scene.turns(3).await;
            assert_eq!(log.calls(), [Call::Made, Call::Lost(lost)]);
            Ok(())
        })
        .await
    })
}

fn a_failed_flush_ends_the_connection(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            for closing in [false, true] {
                let log = Log::default();
                let (transport, theirs) = connections::narrow(scene, kind, log.recorder()).await?;
                transport.pause_reading();
                connections::stuff(&transport)?;
                if closing {
                    transport.close();
                }
                // With bytes that the peer has not read, this is a reset.
                drop(theirs);
                let lost = log.until_lost().await;
                let gone = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
                assert!(lost.is_some_and(|kind| gone.contains(&kind)), "{lost:?}");
                assert_eq!(transport.write_buffer_size(), 0);
                assert_eq!(log.calls(), [Call::Made, Call::Lost(lost)]);
            }
            Ok(())
        })
        .await
    })
}
