//! Signals of the process.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use loopline_core::{EventLoop, Loop, SignalError, SignalExt, SignalKind};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::os;
use crate::harness::scene::on_loop;
use crate::harness::trace::Trace;
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        E17,
        a_handler_runs_as_a_callback,
        "A signal wakes a loop that waits, and its handler runs in a turn, as often as it comes; it can be replaced."
    )
    .needs(Need::SIGNALS)
    .isolated(),
    case!(
        E17,
        removing_a_handler_answers_whether_there_was_one,
        "Removing a handler answers true once, and nothing is left of it."
    )
    .needs(Need::SIGNALS)
    .isolated(),
    case!(
        E17,
        a_handler_may_remove_itself_and_fail,
        "A handler that removes itself runs to its end, and its error reaches the exception handler."
    )
    .needs(Need::SIGNALS)
    .isolated(),
    case!(
        E17,
        each_of_many_signals_is_a_call,
        "Signals that come one after the other are as many calls, also if the loop is busy meanwhile; a handler that is replaced or removed in between gets no more."
    )
    .needs(Need::SIGNALS)
    .isolated(),
    case!(
        E17,
        tasks_wait_for_signals,
        "Everybody who waits for a signal gets it, beside a handler; those that came meanwhile count as one."
    )
    .needs(Need::SIGNALS)
    .isolated(),
    case!(
        E17,
        what_cannot_be_handled_is_refused,
        "A number that is no signal, and a signal that cannot be caught, are typed errors."
    )
    .needs(Need::SIGNALS)
    .otherwise(signals_are_refused),
    case!(
        E17,
        a_closed_loop_handles_nothing,
        "Closing a loop ends what it listened to, tells who waits, and drops the handlers; afterwards nothing is added."
    )
    .needs(Need::SIGNALS)
    .isolated(),
    case!(
        E39,
        loops_on_other_threads_get_signals,
        "A signal reaches every loop that listens, on whatever thread it runs."
    )
    .needs(Need::SIGNALS)
    .isolated(),
];

fn a_handler_runs_as_a_callback(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let [first, second] = os::spare_signals()?;
        let calls = Trace::new();
        scene.add_signal_handler(first, calls.marking("first"))?;
        scene.add_signal_handler(second, calls.marking("replaced"))?;
        scene.add_signal_handler(second, calls.marking("second"))?;
        for round in 1..=3 {
            os::send_signal(first)?;
            // Not from inside the call that sent it.
            assert_eq!(calls.count("first"), round - 1);
            calls.until("first", round).await;
        }
        // The loop has nothing else to do.
        let sender = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(5));
            os::send_signal(second)
        });
        calls.until("second", 1).await;
        sender
            .join()
            .unwrap_or_else(|payload| std::panic::resume_unwind(payload))?;
        assert_eq!(calls.count("first"), 3);
        assert_eq!(calls.count("replaced"), 0);
        assert!(scene.remove_signal_handler(first));
        assert!(scene.remove_signal_handler(second));
        Ok(())
    })
}

fn removing_a_handler_answers_whether_there_was_one(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let [kind, _] = os::spare_signals()?;
        assert!(!scene.remove_signal_handler(kind));
        let held = Rc::new(());
        for _ in 0..2 {
            let inside = Rc::clone(&held);
            scene.add_signal_handler(kind, move || drop(Rc::clone(&inside)))?;
            assert_eq!(scene.snapshot().descriptors, 1);
            assert!(scene.remove_signal_handler(kind));
            assert!(!scene.remove_signal_handler(kind));
            assert_eq!(Rc::strong_count(&held), 1);
            assert_eq!(scene.snapshot().descriptors, 0);
        }
        Ok(())
    })
}

fn a_handler_may_remove_itself_and_fail(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let [kind, _] = os::spare_signals()?;
        let handle = scene.handle();
        scene.add_signal_handler(kind, move || {
            assert!(handle.remove_signal_handler(kind));
            Err("on purpose")
        })?;
        os::send_signal(kind)?;
        let reports = scene.reported().await;
        assert_eq!(reports.len(), 1);
        assert!(
            reports[0].text.contains("on purpose"),
            "{}",
            reports[0].text
        );
        assert!(!scene.remove_signal_handler(kind));
        Ok(())
    })
}

fn each_of_many_signals_is_a_call(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let [kind, _] = os::spare_signals()?;
        let calls = Trace::new();
        scene.add_signal_handler(kind, calls.marking("first"))?;
        // More than are looked at in one turn. A thread that raises one has got it
        // when the call returns, so that none of them waits for another.
        for _ in 0..200 {
            os::send_signal(kind)?;
        }
        calls.until("first", 200).await;
        scene.turns(3).await;
        assert_eq!(calls.count("first"), 200);

        let (handle, second) = (scene.handle(), calls.clone());
        scene.add_signal_handler(kind, move || {
            second.mark("second");
            let third = second.clone();
            let again = handle.clone();
            handle.add_signal_handler(kind, move || {
                third.mark("third");
                again.remove_signal_handler(kind);
            })
        })?;
        for _ in 0..5 {
            os::send_signal(kind)?;
        }
        calls.until("third", 1).await;
        scene.turns(3).await;
        assert_eq!((calls.count("second"), calls.count("third")), (1, 1));
        Ok(())
    })
}

fn tasks_wait_for_signals(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let [kind, _] = os::spare_signals()?;
        let calls = Trace::new();
        scene.add_signal_handler(kind, calls.marking("handler"))?;
        let (mut one, mut other) = (scene.signal(kind)?, scene.signal(kind)?);
        assert_eq!(one.kind(), kind);
        os::send_signal(kind)?;
        one.recv().await?;
        other.recv().await?;
        calls.until("handler", 1).await;
        assert!(scene.remove_signal_handler(kind));
        drop(other);
        for round in 0..3 {
            os::send_signal(kind)?;
            scene.turns(3 + round).await;
        }
        one.recv().await?;
        let mut again = Box::pin(one.recv());
        assert!(!scene.ready_within(&mut again, 5).await?);
        os::send_signal(kind)?;
        again.await?;
        Ok(())
    })
}

fn what_cannot_be_handled_is_refused(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        const KILL: SignalKind = SignalKind::from_raw(9);
        let refused = scene.add_signal_handler(KILL, || {});
        assert!(
            matches!(refused, Err(SignalError::Uncatchable { kind: KILL })),
            "{refused:?}"
        );
        for number in [-1, 0, 4000] {
            let kind = SignalKind::from_raw(number);
            let refused = scene.signal(kind).map(drop);
            assert!(
                matches!(refused, Err(SignalError::Unknown { kind: of }) if of == kind),
                "{refused:?}"
            );
        }
        assert_eq!(scene.snapshot().descriptors, 0);
        Ok(())
    })
}

/// Where there are none.
fn signals_are_refused(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let refused = scene.signal(SignalKind::from_raw(10)).map(drop);
        assert!(
            matches!(
                refused,
                Err(SignalError::Unknown { .. } | SignalError::System { .. })
            ),
            "{refused:?}"
        );
        assert_eq!(scene.snapshot().descriptors, 0);
        assert!(!scene.remove_signal_handler(SignalKind::from_raw(10)));
        Ok(())
    })
}

fn a_closed_loop_handles_nothing(context: &Context) -> Outcome {
    let [kind, _] = os::spare_signals()?;
    let event_loop = Loop::with_backend(context.backend()?);
    let other = Loop::with_backend(context.backend()?);
    // Somebody listens, so that the signal does no harm.
    let mut kept = other.signal(kind)?;
    let held = Rc::new(Cell::new(0));
    let inside = Rc::clone(&held);
    event_loop.add_signal_handler(kind, move || inside.set(inside.get() + 1))?;
    let mut waiting = event_loop.signal(kind)?;
    event_loop.close()?;
    assert_eq!(Rc::strong_count(&held), 1);
    assert!(!event_loop.remove_signal_handler(kind));
    let late = event_loop.add_signal_handler(kind, || {});
    assert!(matches!(late, Err(SignalError::Closed(_))), "{late:?}");
    os::send_signal(kind)?;
    other.run_until_complete(async {
        kept.recv().await?;
        match waiting.recv().await {
            Err(_) => Ok(()),
            Ok(()) => Err(Stop::failed("a closed loop got a signal")),
        }
    })??;
    assert_eq!(held.get(), 0);
    Ok(())
}

fn loops_on_other_threads_get_signals(context: &Context) -> Outcome {
    let [kind, _] = os::spare_signals()?;
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let listen = |tell: std::sync::mpsc::Sender<()>| -> Outcome {
            let event_loop = Loop::with_backend(context.backend()?);
            let mut signal = event_loop.signal(kind)?;
            tell.send(())?;
            event_loop.run_until_complete(async { signal.recv().await })??;
            Ok(())
        };
        let threads = [(); 2].map(|()| {
            let tell = tell.clone();
            scope.spawn(move || listen(tell))
        });
        for _ in &threads {
            told.recv()?;
        }
        os::send_signal(kind)?;
        for thread in threads {
            thread
                .join()
                .unwrap_or_else(|payload| std::panic::resume_unwind(payload))?;
        }
        Ok(())
    })
}
