//! The marks of what may be queued, and protocols that are told to go on.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use loopline_core::{Flow, LimitsError, WriteBufferLimits};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::connections::{self, Kind, over_each};
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::on_loop;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        D43,
        resuming_comes_at_the_low_mark_once,
        "`resume_writing` comes once for each pause, when at most the low-water mark is queued."
    )
    .anywhere(),
    case!(
        D44,
        what_leaves_at_once_never_pauses,
        "A write that the kernel takes whole does not pause, even with a high-water mark of 0."
    )
    .anywhere(),
    case!(
        D45,
        marks_that_are_missing_are_computed,
        "The marks are 64 and 16 KiB by default, and a missing one follows from the other."
    )
    .anywhere(),
    case!(
        D45,
        a_low_mark_above_the_high_one_is_refused,
        "A low-water mark above the high-water mark is refused, and nothing changes."
    )
    .anywhere(),
    case!(
        D46,
        new_marks_judge_the_queue_at_once,
        "Setting marks pauses and resumes at once, by what is queued."
    )
    .anywhere(),
    case!(
        D47,
        resuming_may_write_again,
        "`resume_writing` may fill its own and another queue again; pauses and resumptions alternate."
    )
    .anywhere(),
    case!(
        D48,
        a_closing_connection_still_resumes,
        "While a closing connection sends what is queued, `resume_writing` still comes."
    )
    .anywhere(),
];

fn resuming_comes_at_the_low_mark_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let sizes = Rc::new(RefCell::new(Vec::new()));
            let noted = Rc::clone(&sizes);
            let recorder = log.recorder().reacting(move |call, transport| {
                if matches!(call, Call::Pause | Call::Resume) {
                    noted.borrow_mut().push(transport.write_buffer_size());
                }
                Ok(())
            });
            let (transport, theirs) = connections::narrow(scene, kind, recorder).await?;
            let _reader = theirs.reader();
            transport.set_write_buffer_limits(Some(50_000), Some(10_000))?;
            for round in 1..=5 {
                while transport.write(&[0; 3000])? != Flow::Full {}
                let resumed = |calls: &[Call], _: &[u8]| {
                    calls.iter().filter(|call| **call == Call::Resume).count() >= round
                };
                log.until(resumed).await;
            }
            for pair in sizes.borrow().chunks(2) {
                assert!(pair[0] > 50_000 && pair[1] <= 10_000, "{pair:?}");
            }
            assert_eq!(log.count(|call| *call == Call::Pause), 5);
            assert_eq!(log.count(|call| *call == Call::Resume), 5);
            Ok(())
        })
        .await
    })
}

fn what_leaves_at_once_never_pauses(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, _theirs) = connections::peer_over(scene, kind, log.recorder()).await?;
            transport.set_write_buffer_limits(Some(0), None)?;
            assert_eq!(transport.write(b"little")?, Flow::Open);
            assert_eq!(transport.write_buffer_size(), 0);
            scene.turns(2).await;
            assert_eq!(log.calls(), [Call::Made]);
            Ok(())
        })
        .await
    })
}

fn marks_that_are_missing_are_computed(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (transport, _theirs) =
            connections::peer_over(scene, Kind::any(scene), log.recorder()).await?;
        let default = WriteBufferLimits {
            low: 16 * 1024,
            high: 64 * 1024,
        };
        assert_eq!(transport.write_buffer_limits(), default);
        for (high, low, expected) in [
            (Some(400), None, (400, 100)),
            (None, Some(60), (240, 60)),
            (Some(0), None, (0, 0)),
            (None, Some(0), (0, 0)),
            (Some(7), Some(7), (7, 7)),
            (Some(usize::MAX), Some(0), (usize::MAX, 0)),
            (None, Some(usize::MAX), (usize::MAX, usize::MAX)),
            (None, None, (default.high, default.low)),
        ] {
            transport.set_write_buffer_limits(high, low)?;
            let (high, low) = expected;
            let expected = WriteBufferLimits { low, high };
            assert_eq!(transport.write_buffer_limits(), expected);
        }
        Ok(())
    })
}

fn a_low_mark_above_the_high_one_is_refused(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (transport, _theirs) =
            connections::narrow(scene, Kind::any(scene), log.recorder()).await?;
        transport.set_write_buffer_limits(Some(1 << 20), Some(5))?;
        let before = transport.write_buffer_limits();
        connections::stuff(&transport)?;
        let answer = transport.set_write_buffer_limits(Some(1), Some(2));
        assert_eq!(answer, Err(LimitsError { high: 1, low: 2 }));
        assert_eq!(transport.write_buffer_limits(), before);
        assert_eq!(log.calls(), [Call::Made]);
        Ok(())
    })
}

fn new_marks_judge_the_queue_at_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, _theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            transport.set_write_buffer_limits(Some(1 << 20), None)?;
            connections::stuff(&transport)?;
            let queued = transport.write_buffer_size();
            let (pause, resume) = (Call::Pause, Call::Resume);

            transport.set_write_buffer_limits(Some(queued), None)?;
            assert_eq!(log.calls(), [Call::Made]);
            transport.set_write_buffer_limits(Some(queued - 1), None)?;
            assert_eq!(log.calls()[1..], *std::slice::from_ref(&pause));
            transport.set_write_buffer_limits(Some(1 << 20), Some(queued - 1))?;
            assert_eq!(log.calls()[1..], *std::slice::from_ref(&pause));
            transport.set_write_buffer_limits(Some(queued), Some(queued))?;
            assert_eq!(log.calls()[1..], [pause.clone(), resume.clone()]);
            transport.set_write_buffer_limits(Some(0), None)?;
            assert_eq!(log.calls()[1..], [pause.clone(), resume, pause]);
            Ok(())
        })
        .await
    })
}

fn resuming_may_write_again(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let (log, other_log) = (Log::default(), Log::default());
            let (other, others) = connections::narrow(scene, kind, other_log.recorder()).await?;
            other.set_write_buffer_limits(Some(0), None)?;
            let written = Rc::new(Cell::new((0, 0)));
            let (sum, target) = (Rc::clone(&written), Rc::clone(&other));
            let mut rounds = 3;
            let recorder = log.recorder().reacting(move |call, transport| {
                if *call == Call::Resume && rounds > 0 {
                    rounds -= 1;
                    let (mut ours, mut theirs) = sum.get();
                    // Above the mark, and on to what is far above it.
                    let mut full = false;
                    while !full {
                        full = transport.write(&[1; 20_000])? == Flow::Full;
                        target.write(&[2; 20_000])?;
                        ours += 20_000;
                        theirs += 20_000;
                    }
                    sum.set((ours, theirs));
                }
                Ok(())
            });
            let (transport, theirs) = connections::narrow(scene, kind, recorder).await?;
            transport.set_write_buffer_limits(Some(0), None)?;
            let first = connections::stuff(&transport)?;
            let (reader, others) = (theirs.reader(), others.reader());
            let enough = |calls: &[Call], _: &[u8]| {
                calls.iter().filter(|call| **call == Call::Resume).count() == 4
            };
            log.until(enough).await;
            transport.close();
            other.close();
            log.until_lost().await;
            other_log.until_lost().await;
            let pair = || [Call::Pause, Call::Resume];
            let expected: Vec<_> = (0..4).flat_map(|_| pair()).collect();
            let calls = log.calls();
            assert_eq!(calls[1..9], expected);
            assert_eq!(calls[9..], [Call::Lost(None)]);
            let (ours, theirs) = written.get();
            assert_eq!(reader.bytes().await?.len(), first + ours);
            assert_eq!(others.bytes().await?.len(), theirs);
            Ok(())
        })
        .await
    })
}

fn a_closing_connection_still_resumes(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            transport.set_write_buffer_limits(Some(0), None)?;
            connections::stuff(&transport)?;
            transport.close();
            let _reader = theirs.reader();
            assert_eq!(log.until_lost().await, None);
            let calls = [Call::Made, Call::Pause, Call::Resume, Call::Lost(None)];
            assert_eq!(log.calls(), calls);
            Ok(())
        })
        .await
    })
}
