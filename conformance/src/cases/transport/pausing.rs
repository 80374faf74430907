//! Protocols that are told to pause writing: when, and inside of what.

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::rc::Rc;

use loopline_core::{AcceptOptions, EventLoop, EventLoopExt, Flow, SharedProtocol, Transport};

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
