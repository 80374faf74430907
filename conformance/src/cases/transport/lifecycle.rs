//! Connections: the order of their callbacks, and their end.

use std::cell::{Cell, RefCell};
use std::io::{ErrorKind, Write};
use std::rc::Rc;

use loopline_core::{EventLoopExt, Flow};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::connections::{self, Kind, over_each};
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::on_loop;
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        D1,
        callbacks_come_in_order,
        "The callbacks of a connection come in their order, each of the single ones once."
    )
    .anywhere(),
    case!(
        D2,
        made_comes_before_the_call_returns,
        "`connection_made` has been called when the connection is handed out, and nothing was read."
    )
    .anywhere(),
    case!(
        D3,
        lost_is_never_called_inside_another_callback,
        "An abort inside a callback calls `connection_lost` in a later turn."
    )
    .anywhere(),
    case!(
        D3,
        lost_waits_for_callbacks_that_are_queued_before,
        "What was queued before an abort runs before `connection_lost`."
    )
    .anywhere(),
    case!(
        D4,
        local_ends_have_no_error,
        "`connection_lost` is told no error after close, after abort, and after the stream's end."
    )
    .anywhere(),
    case!(
        D4,
        a_reset_is_an_error,
        "`connection_lost` is told that the peer has reset the connection."
    ),
    case!(
        D5,
        the_socket_is_closed_after_lost,
        "Once `connection_lost` has returned the peer sees the end, and the protocol is let go of."
    )
    .anywhere(),
    case!(
        D7,
        pausing_in_made_keeps_data_back,
        "Reading that is paused in `connection_made` brings nothing until it is resumed."
    )
    .anywhere(),
    case!(
        D8,
        aborting_in_made_still_hands_the_connection_out,
        "After an abort or a close in `connection_made` the caller gets a closing transport."
    )
    .anywhere(),
    case!(
        D13,
        every_way_to_end_twice_is_one_end,
        "Any two of close and abort call `connection_lost` once."
    )
    .anywhere(),
    case!(
        D13,
        a_reset_and_a_local_end_are_one_end,
        "A connection that is ended while the peer resets it is lost once."
    ),
    case!(
        D15,
        abort_drops_what_is_queued,
        "Abort ends a connection whose peer takes nothing."
    )
    .anywhere(),
];

fn callbacks_come_in_order(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (_transport, mut theirs) =
                connections::peer_over(scene, kind, log.recorder()).await?;
            theirs.write_all(b"hello")?;
            log.until_data(5).await;
            drop(theirs);
            assert_eq!(log.until_lost().await, None);
            scene.turns(3).await;
            let calls = [Call::Made, Call::Data(5), Call::Eof, Call::Lost(None)];
            assert_eq!(log.calls(), calls);
            Ok(())
        })
        .await
    })
}

fn made_comes_before_the_call_returns(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let (ours, mut theirs) = kind.pair(scene).await?;
            theirs.write_all(b"early")?;
            let log = Log::default();
            let recorder = log.recorder();
            let (transport, _) = scene.connect_accepted_socket(|| recorder, ours).await?;
            assert_eq!(log.calls(), [Call::Made]);
            let told = log.transport();
            assert!(told.is_some_and(|told| Rc::ptr_eq(&told, &transport)));
            log.until_data(5).await;
            assert_eq!(log.data(), b"early");
            Ok(())
        })
        .await
    })
}

fn lost_is_never_called_inside_another_callback(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let inside = Rc::new(Cell::new(false));
        let nested = Rc::new(Cell::new(false));
        let (within, seen) = (Rc::clone(&inside), Rc::clone(&nested));
        let witness = log.clone();
        let recorder = log.recorder().reacting(move |call, transport| {
            if matches!(call, Call::Lost(_)) {
                seen.set(within.get());
            } else {
                within.set(true);
                transport.abort();
                within.set(false);
                let lost = witness.count(|call| matches!(call, Call::Lost(_)));
                assert_eq!(lost, 0);
            }
            Ok(())
        });
        let (_transport, _theirs) =
            connections::peer_over(scene, Kind::any(scene), recorder).await?;
        assert_eq!(log.until_lost().await, None);
        assert!(!nested.get());
        assert_eq!(log.calls(), [Call::Made, Call::Lost(None)]);
        Ok(())
    })
}

fn lost_waits_for_callbacks_that_are_queued_before(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Rc::new(RefCell::new(Vec::new()));
        let log = Log::default();
        let noted = Rc::clone(&order);
        let recorder = log.recorder().reacting(move |call, _| {
            if matches!(call, Call::Lost(_)) {
                noted.borrow_mut().push("lost");
            }
            Ok(())
        });
        let (transport, _theirs) =
            connections::peer_over(scene, Kind::any(scene), recorder).await?;
        let noted = Rc::clone(&order);
        scene.call_soon(move || noted.borrow_mut().push("before"))?;
        transport.abort();
        let noted = Rc::clone(&order);
        scene.call_soon(move || noted.borrow_mut().push("after"))?;
        log.until_lost().await;
        scene.turns(1).await;
        assert_eq!(*order.borrow(), ["before", "lost", "after"]);
        Ok(())
    })
}

fn local_ends_have_no_error(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            for end in [ours_close, ours_abort] {
                let log = Log::default();
                let (transport, _theirs) =
                    connections::peer_over(scene, kind, log.recorder()).await?;
                end(&log)?;
                assert!(transport.is_closing());
                assert_eq!(log.until_lost().await, None);
            }
            let log = Log::default();
            let (_transport, theirs) = connections::peer_over(scene, kind, log.recorder()).await?;
            drop(theirs);
            assert_eq!(log.until_lost().await, None);
            Ok(())
        })
        .await
    })
}

fn ours_close(log: &Log) -> Outcome {
    made(log)?.close();
    Ok(())
}

fn ours_abort(log: &Log) -> Outcome {
    made(log)?.abort();
    Ok(())
}

fn made(log: &Log) -> Result<Rc<dyn loopline_core::Transport>, Stop> {
    log.transport()
        .ok_or_else(|| Stop::failed("connection_made was not called"))
}

fn a_reset_is_an_error(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (transport, theirs) =
            connections::peer_over(scene, Kind::any(scene), log.recorder()).await?;
        theirs.reset()?;
        assert_eq!(log.until_lost().await, Some(ErrorKind::ConnectionReset));
        assert_eq!(
            log.calls(),
            [Call::Made, Call::Lost(Some(ErrorKind::ConnectionReset))]
        );
        assert!(transport.is_closing());
        Ok(())
    })
}

fn the_socket_is_closed_after_lost(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let (ours, theirs) = kind.pair(scene).await?;
            let log = Log::default();
            let recorder = log.recorder();
            let (transport, protocol) = scene.connect_accepted_socket(|| recorder, ours).await?;
            transport.abort();
            log.until_lost().await;
            scene.turns(1).await;
            assert_eq!(theirs.reader().bytes().await?, b"");
            assert!(transport.protocol().is_none());
            assert_eq!(Rc::strong_count(&protocol), 1);
            assert!(transport.socket().is_none_or(|it| it.keepalive().is_err()));
            Ok(())
        })
        .await
    })
}

fn pausing_in_made_keeps_data_back(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let (ours, mut theirs) = kind.pair(scene).await?;
            theirs.write_all(b"data")?;
            let log = Log::default();
            let recorder = log.recorder().reacting(|call, transport| {
                if *call == Call::Made {
                    transport.pause_reading();
                }
                Ok(())
            });
            let (transport, _) = scene.connect_accepted_socket(|| recorder, ours).await?;
            scene.turns(5).await;
            assert_eq!(log.calls(), [Call::Made]);
            transport.resume_reading();
            log.until_data(4).await;
            Ok(())
        })
        .await
    })
}

fn aborting_in_made_still_hands_the_connection_out(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for gently in [true, false] {
            let log = Log::default();
            let recorder = log.recorder().reacting(move |call, transport| {
                match call {
                    Call::Made if gently => transport.close(),
                    Call::Made => transport.abort(),
                    _ => {}
                }
                Ok(())
            });
            let (transport, mut theirs) =
                connections::peer_over(scene, Kind::any(scene), recorder).await?;
            assert!(transport.is_closing());
            assert_eq!(log.calls(), [Call::Made]);
            assert_eq!(transport.write(b"too late")?, Flow::Closed);
            theirs.write_all(b"nobody reads this")?;
            assert_eq!(log.until_lost().await, None);
            assert_eq!(log.calls(), [Call::Made, Call::Lost(None)]);
        }
        Ok(())
    })
}

fn every_way_to_end_twice_is_one_end(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for full in [false, true] {
            for (first, second) in [
                (
                    ours_close as fn(&Log) -> Outcome,
                    ours_close as fn(&Log) -> Outcome,
                ),
                (ours_close, ours_abort),
                (ours_abort, ours_close),
                (ours_abort, ours_abort),
            ] {
                let log = Log::default();
                let (transport, _theirs) =
                    connections::narrow(scene, Kind::any(scene), log.recorder()).await?;
                if full {
                    connections::stuff(&transport)?;
                }
                first(&log)?;
                second(&log)?;
                scene.turns(3).await;
                transport.abort();
                log.until_lost().await;
                transport.close();
                transport.abort();
                scene.turns(3).await;
                assert_eq!(log.count(|call| matches!(call, Call::Lost(_))), 1);
            }
        }
        Ok(())
    })
}

fn a_reset_and_a_local_end_are_one_end(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for end in [ours_close, ours_abort] {
            for full in [false, true] {
                let log = Log::default();
                let (transport, theirs) =
                    connections::narrow(scene, Kind::any(scene), log.recorder()).await?;
                if full {
                    connections::stuff(&transport)?;
                }
                theirs.reset()?;
                end(&log)?;
                log.until_lost().await;
                scene.turns(3).await;
                assert_eq!(log.count(|call| matches!(call, Call::Lost(_))), 1);
            }
        }
        Ok(())
    })
}

fn abort_drops_what_is_queued(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, _theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            connections::stuff(&transport)?;
            transport.write(&vec![1; 1 << 20])?;
            transport.abort();
            assert_eq!(transport.write_buffer_size(), 0);
            assert_eq!(log.until_lost().await, None);
            Ok(())
        })
        .await
    })
}
