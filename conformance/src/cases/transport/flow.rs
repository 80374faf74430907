//! Connections: flow control of what is written.

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::rc::Rc;

use loopline_core::{
    AcceptOptions, EventLoop, EventLoopExt, Flow, LimitsError, SharedProtocol, Transport,
    WriteBufferLimits,
};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::connections::{self, Kind, over_each};
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::on_loop;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        D42,
        only_more_than_the_high_mark_pauses,
        "As many queued bytes as the high-water mark do not pause; one more does, inside `write`."
    )
    .anywhere(),
    case!(
        D42,
        a_busy_protocol_is_paused_right_after_its_callback,
        "A write inside a callback pauses the same protocol right after it, before anything else runs."
    )
    .anywhere(),
    case!(
        D42,
        a_shared_protocol_is_paused_right_after_its_callback,
        "A write on another connection of a busy protocol pauses right after the callback."
    )
    .anywhere(),
    case!(
        D42,
        the_protocol_of_another_connection_is_paused_at_once,
        "A write on a connection whose protocol is free pauses that inside `write`."
    )
    .anywhere(),
    case!(
        D42,
        a_pair_that_nobody_heard_of_cancels_out,
        "A queue that went above the mark and back while the protocol was busy tells it nothing."
    )
    .anywhere(),
    case!(
        D42,
        a_protocol_that_its_user_holds_is_paused_when_it_is_free,
        "A write while the user holds the protocol pauses it once the user has let go."
    )
    .anywhere(),
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

fn only_more_than_the_high_mark_pauses(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, _theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            connections::stuff(&transport)?;
            let queued = transport.write_buffer_size();
            transport.set_write_buffer_limits(Some(queued + 10), None)?;
            assert_eq!(transport.write(&[0; 10])?, Flow::Open);
            assert_eq!(transport.write_buffer_size(), queued + 10);
            assert_eq!(log.calls(), [Call::Made]);
            assert_eq!(transport.write(&[0])?, Flow::Full);
            assert_eq!(log.calls(), [Call::Made, Call::Pause]);
            assert_eq!(transport.write(&[0; 100])?, Flow::Full);
            assert_eq!(log.calls(), [Call::Made, Call::Pause]);
            Ok(())
        })
        .await
    })
}

fn a_busy_protocol_is_paused_right_after_its_callback(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let order = Rc::new(RefCell::new(Vec::new()));
            let (log, noted, handle) = (Log::default(), Rc::clone(&order), scene.handle());
            let recorder = log.recorder().reacting(move |call, transport| {
                match call {
                    Call::Data(_) => {
                        let noted_later = Rc::clone(&noted);
                        handle.call_soon(move || noted_later.borrow_mut().push("queued"))?;
                        transport.set_write_buffer_limits(Some(0), None)?;
                        while transport.write(&[0; 4096])? != Flow::Full {}
                        noted.borrow_mut().push("data over");
                    }
                    Call::Pause => noted.borrow_mut().push("pause"),
                    Call::Eof => noted.borrow_mut().push("eof"),
                    _ => {}
                }
                Ok(())
            });
            let (_transport, mut theirs) = connections::narrow(scene, kind, recorder).await?;
            theirs.write_all(b"x")?;
            theirs.shutdown_write()?;
            log.until(|calls, _| calls.contains(&Call::Eof)).await;
            let order = order.borrow();
            assert_eq!(order[..2], ["data over", "pause"]);
            assert!(order[2..].contains(&"queued"));
            Ok(())
        })
        .await
    })
}

fn a_shared_protocol_is_paused_right_after_its_callback(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let other: Rc<RefCell<Option<Rc<dyn Transport>>>> = Rc::default();
        let inside = Rc::new(Cell::new(false));
        let (log, target, nested) = (Log::default(), Rc::clone(&other), Rc::clone(&inside));
        let recorder = log.recorder().reacting(move |call, _| {
            if matches!(call, Call::Data(_)) {
                let target = target.borrow().clone().ok_or("no other connection")?;
                nested.set(true);
                while target.write(&[0; 4096])? != Flow::Full {}
                nested.set(false);
            } else {
                assert!(!nested.get(), "{call:?} was nested");
            }
            Ok(())
        });
        let shared: SharedProtocol = Rc::new(RefCell::new(recorder));
        let (first, mut theirs) = Kind::any(scene).pair(scene).await?;
        let (second, _kept) = Kind::any(scene).pair(scene).await?;
        let protocol = Rc::clone(&shared);
        let factory = Box::new(move || Ok(Rc::clone(&protocol)));
        let (one, _) = scene
            .connect_accepted_socket_boxed(factory, first, AcceptOptions::default())
            .await?;
        let protocol = Rc::clone(&shared);
        let factory = Box::new(move || Ok(Rc::clone(&protocol)));
        let (two, _) = scene
            .connect_accepted_socket_boxed(factory, second, AcceptOptions::default())
            .await?;
        two.set_write_buffer_limits(Some(0), None)?;
        other.replace(Some(two));
        theirs.write_all(b"x")?;
        log.until_data(1).await;
        assert_eq!(log.calls()[2..], [Call::Data(1), Call::Pause]);
        let two = other.take();
        two.inspect(|two| two.abort());
        one.abort();
        Ok(())
    })
}

fn the_protocol_of_another_connection_is_paused_at_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (one, other) = (Log::default(), Log::default());
        let (target, _kept) =
            connections::narrow(scene, Kind::any(scene), other.recorder()).await?;
        target.set_write_buffer_limits(Some(0), None)?;
        let paused = Rc::new(Cell::new(false));
        let (watched, seen) = (other.clone(), Rc::clone(&paused));
        let recorder = one.recorder().reacting(move |call, _| {
            if matches!(call, Call::Data(_)) {
                while target.write(&[0; 4096])? != Flow::Full {}
                seen.set(watched.calls().contains(&Call::Pause));
            }
            Ok(())
        });
        let (_transport, mut theirs) =
            connections::peer_over(scene, Kind::any(scene), recorder).await?;
        theirs.write_all(b"x")?;
        one.until_data(1).await;
        assert!(paused.get());
        Ok(())
    })
}

fn a_pair_that_nobody_heard_of_cancels_out(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let recorder = log.recorder().reacting(|call, transport| {
            if matches!(call, Call::Data(_)) {
                transport.set_write_buffer_limits(Some(0), None)?;
                while transport.write(&[0; 4096])? != Flow::Full {}
                transport.set_write_buffer_limits(Some(1 << 30), None)?;
                assert_eq!(transport.write(b"more")?, Flow::Open);
            }
            Ok(())
        });
        let (_transport, mut theirs) =
            connections::narrow(scene, Kind::any(scene), recorder).await?;
        theirs.write_all(b"x")?;
        log.until_data(1).await;
        scene.turns(3).await;
        assert_eq!(log.calls(), [Call::Made, Call::Data(1)]);
        Ok(())
    })
}

fn a_protocol_that_its_user_holds_is_paused_when_it_is_free(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (ours, _theirs) = Kind::any(scene).pair(scene).await?;
        let recorder = log.recorder();
        let (transport, protocol) = scene.connect_accepted_socket(|| recorder, ours).await?;
        transport.set_write_buffer_limits(Some(0), None)?;
        {
            let _held = protocol.borrow_mut();
            connections::stuff(&transport)?;
            assert_eq!(log.calls(), [Call::Made]);
        }
        scene.turns(1).await;
        assert_eq!(log.calls(), [Call::Made, Call::Pause]);
        Ok(())
    })
}

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
