//! Connections: reading, pausing, and the end of the stream.

use std::io::{ErrorKind, Write};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::altered::{Altered, Spurious};
use crate::harness::connections::{self, Kind, over_each};
use crate::harness::files;
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::{on_backend, on_loop};
use crate::verdict::Outcome;

/// The most that one call may bring: 256 KiB.
const MOST: usize = 256 * 1024;

pub(super) const CASES: &[Case] = &[
    case!(
        D16,
        pausing_and_resuming_may_be_repeated,
        "Pausing and resuming are idempotent, and `is_reading` tells which was last."
    )
    .anywhere(),
    case!(
        D16,
        a_closing_connection_does_not_read,
        "On a closing or lost connection pausing and resuming do nothing, and `is_reading` is false."
    )
    .anywhere(),
    case!(
        D17,
        nothing_arrives_while_paused,
        "Between pause and resume there is no data, and afterwards all of it."
    )
    .anywhere(),
    case!(
        D18,
        rapid_pausing_loses_and_repeats_nothing,
        "Pausing and resuming in every callback keeps every byte in order."
    )
    .anywhere(),
    case!(
        D19,
        an_end_while_paused_is_told_after_resuming,
        "The peer's end is told after resuming, behind its data."
    )
    .anywhere(),
    case!(
        D19,
        a_reset_while_paused_is_told_after_resuming,
        "The peer's reset is told after resuming, once."
    ),
    case!(
        D20,
        resuming_after_close_brings_nothing,
        "Resuming a closing connection brings no data."
    )
    .anywhere(),
    case!(
        D23,
        readiness_without_data_is_nothing,
        "A connection that was reported ready, and has nothing to read and no room to write, goes on as if it was not."
    ),
    case!(
        D21,
        one_call_brings_at_most_256_kib,
        "No call of `data_received` brings more than 256 KiB, none is empty, and nothing is lost."
    )
    .anywhere(),
    case!(
        D22,
        what_was_received_stays_as_it_was,
        "Data that was kept does not change when more arrives on any connection."
    )
    .anywhere(),
    case!(
        D24,
        a_reset_between_reads_is_quiet,
        "A reset behind data that was read is told to `connection_lost` alone."
    ),
];

fn pausing_and_resuming_may_be_repeated(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, mut theirs) =
                connections::peer_over(scene, kind, log.recorder()).await?;
            assert!(transport.is_reading());
            for _ in 0..2 {
                transport.pause_reading();
                assert!(!transport.is_reading());
            }
            theirs.write_all(b"one")?;
            scene.turns(3).await;
            assert!(log.data().is_empty());
            for _ in 0..2 {
                transport.resume_reading();
                assert!(transport.is_reading());
            }
            log.until_data(3).await;
            Ok(())
        })
        .await
    })
}

fn a_closing_connection_does_not_read(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, _theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            connections::stuff(&transport)?;
            transport.close();
            assert!(!transport.is_reading());
            transport.pause_reading();
            transport.resume_reading();
            assert!(!transport.is_reading());
            transport.abort();
            log.until_lost().await;
            transport.resume_reading();
            transport.pause_reading();
            assert!(!transport.is_reading());
            Ok(())
        })
        .await
    })
}

fn nothing_arrives_while_paused(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let recorder = log.recorder().reacting(|call, transport| {
                if matches!(call, Call::Data(_)) {
                    transport.pause_reading();
                }
                Ok(())
            });
            let (transport, mut theirs) = connections::peer_over(scene, kind, recorder).await?;
            theirs.write_all(b"a")?;
            log.until_data(1).await;
            theirs.write_all(b"b")?;
            scene.turns(5).await;
            assert_eq!(log.data(), b"a");
            transport.resume_reading();
            log.until_data(2).await;
            assert_eq!(log.data(), b"ab");
            Ok(())
        })
        .await
    })
}

fn rapid_pausing_loses_and_repeats_nothing(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let content = files::content(300_000);
            let log = Log::default();
            let recorder = log.recorder().reacting(|call, transport| {
                if matches!(call, Call::Data(_)) {
                    for _ in 0..3 {
                        transport.pause_reading();
                        transport.resume_reading();
                    }
                }
                Ok(())
            });
            let (transport, theirs) = connections::peer_over(scene, kind, recorder).await?;
            let sent = content.clone();
            let writer = theirs.writer(sent);
            while log.data().len() < content.len() {
                transport.pause_reading();
                scene.turns(1).await;
                transport.resume_reading();
                scene.turns(1).await;
            }
            log.until_lost().await;
            assert!(log.data() == content);
            writer.ended().await?;
            Ok(())
        })
        .await
    })
}

fn an_end_while_paused_is_told_after_resuming(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, mut theirs) =
                connections::peer_over(scene, kind, log.recorder()).await?;
            transport.pause_reading();
            theirs.write_all(b"last words")?;
            drop(theirs);
            scene.turns(5).await;
            assert_eq!(log.calls(), [Call::Made]);
            assert!(!transport.is_closing());
            transport.resume_reading();
            assert_eq!(log.until_lost().await, None);
            let calls = [Call::Made, Call::Data(10), Call::Eof, Call::Lost(None)];
            assert_eq!(log.calls(), calls);
            Ok(())
        })
        .await
    })
}

fn a_reset_while_paused_is_told_after_resuming(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (transport, theirs) =
            connections::peer_over(scene, Kind::any(scene), log.recorder()).await?;
        transport.pause_reading();
        theirs.reset()?;
        scene.turns(5).await;
        assert_eq!(log.calls(), [Call::Made]);
        transport.resume_reading();
        assert_eq!(log.until_lost().await, Some(ErrorKind::ConnectionReset));
        assert_eq!(log.calls().len(), 2);
        Ok(())
    })
}

fn resuming_after_close_brings_nothing(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, mut theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            transport.pause_reading();
            connections::stuff(&transport)?;
            theirs.write_all(b"unwanted")?;
            transport.close();
            transport.resume_reading();
            scene.turns(5).await;
            transport.resume_reading();
            transport.abort();
            transport.resume_reading();
            log.until_lost().await;
            transport.resume_reading();
            scene.turns(3).await;
            let brought = log.count(|call| matches!(call, Call::Data(_) | Call::Eof));
            assert_eq!(brought, 0);
            Ok(())
        })
        .await
    })
}

fn one_call_brings_at_most_256_kib(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let content = files::content(2 << 20);
            let log = Log::default();
            let (transport, theirs) = connections::peer_over(scene, kind, log.recorder()).await?;
            transport.pause_reading();
            let sent = content.clone();
            let writer = theirs.writer(sent);
            scene.turns(10).await;
            transport.resume_reading();
            log.until_lost().await;
            assert!(log.data() == content);
            let wrong =
                |call: &Call| matches!(call, Call::Data(count) if *count > MOST || *count == 0);
            assert_eq!(log.count(wrong), 0);
            writer.ended().await?;
            Ok(())
        })
        .await
    })
}

fn what_was_received_stays_as_it_was(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (one, other) = (Log::default(), Log::default());
        let (_first, mut theirs) =
            connections::peer_over(scene, Kind::any(scene), one.recorder()).await?;
        let (_second, mut others) =
            connections::peer_over(scene, Kind::any(scene), other.recorder()).await?;
        theirs.write_all(b"first")?;
        one.until_data(5).await;
        let kept = one.data();
        others.write_all(b"SECOND")?;
        other.until_data(6).await;
        theirs.write_all(b"third")?;
        one.until_data(10).await;
        assert_eq!(kept, b"first");
        assert_eq!(one.data(), b"firstthird");
        assert_eq!(other.data(), b"SECOND");
        Ok(())
    })
}

fn a_reset_between_reads_is_quiet(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (_transport, mut theirs) =
            connections::peer_over(scene, Kind::any(scene), log.recorder()).await?;
        theirs.write_all(b"data")?;
        log.until_data(4).await;
        theirs.reset()?;
        assert_eq!(log.until_lost().await, Some(ErrorKind::ConnectionReset));
        assert_eq!(log.count(|call| *call == Call::Eof), 0);
        assert!(scene.reports().is_empty());
        Ok(())
    })
}

fn readiness_without_data_is_nothing(context: &Context) -> Outcome {
    let backend = Altered::boxed(context.backend()?, Spurious::new(40));
    on_backend(context, backend, async |scene| {
        let kinds = Kind::all(scene).iter().copied();
        for kind in kinds.filter(|kind| *kind != Kind::Network) {
            let log = Log::default();
            let (transport, theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            scene.turns(5).await;
            assert_eq!(log.calls(), [Call::Made]);
            transport.set_write_buffer_limits(Some(1 << 30), None)?;
            let sent = connections::stuff(&transport)?;
            scene.turns(5).await;
            let reader = theirs.reader();
            transport.close();
            assert_eq!(log.until_lost().await, None);
            assert_eq!(log.calls(), [Call::Made, Call::Lost(None)]);
            assert_eq!(reader.bytes().await?.len(), sent);
        }
        Ok(())
    })
}
