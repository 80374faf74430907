//! Running, stopping and closing.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use loopline_core::{EventLoop, EventLoopExt, Loop, RunError, Severity, running_loop};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::scene::{Scene, on_loop};
use crate::harness::sockets;
use crate::harness::trace::Trace;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        E9,
        stopping_lets_the_turn_end,
        "After stop the callbacks of the turn still run, and what they queue waits for the next run."
    ),
    case!(
        E9,
        stopping_before_a_run_makes_it_one_turn,
        "A loop that was stopped before it runs makes one turn, which does not wait."
    ),
    case!(
        E10,
        a_stopped_loop_runs_again,
        "A loop that was stopped goes on in the next run where it was, with nothing lost and nothing twice."
    ),
    case!(
        E10,
        an_event_is_not_dispatched_again_after_stopping,
        "A reader that reads and stops the loop is not called for the same data in the next run."
    )
    .on_sockets(),
    case!(
        E11,
        a_future_gives_its_output,
        "A run gives what the future gives, of any type, and an error as a value."
    ),
    case!(
        E11,
        a_run_that_is_stopped_early_is_an_error,
        "A run whose future was not ready when the loop was stopped is an error, and the loop runs again."
    ),
    case!(
        E11,
        no_stop_is_left_behind,
        "A run that ended, also one whose future and whose stop came together, does not stop the next."
    ),
    case!(
        E12,
        a_loop_does_not_run_inside_itself,
        "Running a loop from inside itself is an error, and the outer run goes on."
    ),
    case!(
        E12,
        a_loop_does_not_run_inside_another,
        "Running another loop in the thread of a running one is an error."
    ),
    case!(
        E12,
        the_running_loop_is_known_while_it_runs,
        "A thread knows its running loop during the run only."
    ),
    case!(
        E13,
        a_running_loop_is_not_closed,
        "Closing a loop from inside is an error, and changes nothing."
    ),
    case!(
        E13,
        a_closed_loop_refuses_everything,
        "On a closed loop running and every way of queueing is an error, and closing again is not."
    ),
    case!(
        E14,
        an_error_of_a_callback_is_reported,
        "The error of a callback or a timer reaches the exception handler, and the loop goes on."
    ),
    case!(
        E14,
        the_exception_handler_can_be_replaced,
        "The handler that was set last is told, also by one that replaces itself, and the default after none."
    ),
    case!(
        E16,
        slow_callbacks_are_reported_in_debug_mode,
        "In debug mode a callback, a timer, a reader and a task that take too long are reported, and else not."
    )
    .needs(Need::SYSTEM_CLOCK),
];

fn stopping_lets_the_turn_end(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let order = Trace::new();
    let (event_loop, trace) = (scene.handle(), order.clone());
    scene.call_soon(move || {
        trace.mark("stop");
        event_loop.stop();
        event_loop.call_soon(trace.marking("next turn")).map(drop)
    })?;
    scene.call_soon(order.marking("same turn"))?;
    scene.run_forever()?;
    assert_eq!(order.marks(), ["stop", "same turn"]);
    scene.stop();
    scene.run_forever()?;
    assert_eq!(order.marks(), ["stop", "same turn", "next turn"]);
    scene.end()
}

fn stopping_before_a_run_makes_it_one_turn(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let order = Trace::new();
    let far = scene.call_later(Duration::from_secs(3600), order.marking("far"))?;
    scene.stop();
    scene.run_forever()?;
    order.stays_silent();
    let (event_loop, trace) = (scene.handle(), order.clone());
    scene.call_soon(move || {
        trace.mark("first");
        event_loop.call_soon(trace.marking("second")).map(drop)
    })?;
    scene.stop();
    scene.run_forever()?;
    assert_eq!(order.marks(), ["first"]);
    far.cancel();
    scene.end()
}

fn a_stopped_loop_runs_again(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let order = Trace::new();
    let (trace, event_loop) = (order.clone(), scene.handle());
    let task = scene.spawn(async move {
        for number in 0..5 {
            trace.mark(number);
            event_loop.stop();
            event_loop.sleep(Duration::from_millis(1)).await;
        }
    });
    for number in 0..5 {
        scene.run_forever()?;
        assert!(order.marks().into_iter().eq(0..=number));
    }
    scene.run_until_complete(task)??;
    scene.end()
}

fn an_event_is_not_dispatched_again_after_stopping(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let order = Trace::new();
    let (ours, mut theirs) = sockets::pair()?;
    let ours = Rc::new(ours);
    let (event_loop, socket, trace) = (scene.handle(), Rc::clone(&ours), order.clone());
    scene.add_reader(&*ours, move || {
        trace.mark("read");
        event_loop.stop();
        sockets::drain(&mut &*socket).map(drop)
    })?;
    std::io::Write::write_all(&mut theirs, b"unread")?;
    scene.run_forever()?;
    assert_eq!(order.marks(), ["read"]);
    scene.run_until_complete(scene.turns(3))?;
    assert_eq!(order.marks(), ["read"]);
    scene.remove_reader(&*ours)?;
    scene.end()
}

fn a_future_gives_its_output(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    // Neither Send nor 'static.
    let local = RefCell::new(String::from("local"));
    let text = scene.run_until_complete(async {
        scene.turns(2).await;
        local.borrow_mut().push_str(" text");
        &local
    })?;
    assert_eq!(*text.borrow(), "local text");
    let failed: Result<(), &str> = scene.run_until_complete(async { Err("no") })?;
    assert_eq!(failed, Err("no"));
    let task = scene.spawn(async { vec![1, 2, 3] });
    assert_eq!(scene.run_until_complete(task)??, [1, 2, 3]);
    scene.end()
}

fn a_run_that_is_stopped_early_is_an_error(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let event_loop = scene.handle();
    scene.call_soon(move || event_loop.stop())?;
    let held = Rc::new(());
    let inside = Rc::clone(&held);
    let stopped = scene.run_until_complete(async move {
        let _inside = inside;
        std::future::pending::<()>().await;
    });
    assert!(matches!(stopped, Err(RunError::Stopped)), "{stopped:?}");
    assert_eq!(Rc::strong_count(&held), 1, "the future is kept");
    assert_eq!(scene.run_until_complete(async { 7 })?, 7);
    scene.end()
}

fn no_stop_is_left_behind(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let event_loop = scene.handle();
    let output = scene.run_until_complete(async move {
        event_loop.stop();
        7
    })?;
    assert_eq!(output, 7);
    scene.run_until_complete(scene.turns(3))?;
    scene.run_until_complete(scene.sleep(Duration::from_millis(1)))?;
    scene.end()
}

fn a_loop_does_not_run_inside_itself(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        assert!(scene.is_running());
        let inner = scene.run_until_complete(async {});
        assert!(matches!(inner, Err(RunError::AlreadyRunning)), "{inner:?}");
        let inner = scene.run_forever();
        assert!(matches!(inner, Err(RunError::AlreadyRunning)), "{inner:?}");
        assert!(scene.is_running());
        scene.turns(2).await;
        Ok(())
    })
}

fn a_loop_does_not_run_inside_another(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let other = Loop::with_backend(scene.context.backend()?);
        let inner = other.run_until_complete(async {});
        assert!(
            matches!(inner, Err(RunError::OtherLoopRunning)),
            "{inner:?}"
        );
        assert!(!other.is_running());
        let name = running_loop().map(|running| running.is_running());
        assert_eq!(name, Some(true), "the outer loop is no longer known");
        let another = std::thread::scope(|threads| {
            let backend = scene.context.clone();
            let thread = threads.spawn(move || {
                let elsewhere = Loop::with_backend(backend.backend().ok()?);
                elsewhere.run_until_complete(async { 7 }).ok()
            });
            thread.join().ok().flatten()
        });
        assert_eq!(another, Some(7), "a loop in another thread");
        Ok(())
    })
}

fn the_running_loop_is_known_while_it_runs(context: &Context) -> Outcome {
    assert!(running_loop().is_none());
    let scene = Scene::new(context)?;
    assert!(running_loop().is_none() && !scene.is_running());
    let order = Trace::new();
    let trace = order.clone();
    scene
        .run_until_complete(async {
            let running = running_loop().ok_or("no loop is running")?;
            running.call_soon(trace.marking("called"))?;
            scene.turns(1).await;
            Ok::<_, loopline_core::BoxError>(())
        })?
        .map_err(crate::verdict::Stop::failed)?;
    assert_eq!(order.marks(), ["called"]);
    assert!(running_loop().is_none() && !scene.is_running());
    scene.end()
}

fn a_running_loop_is_not_closed(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let closed = scene.close();
        assert!(
            matches!(closed, Err(RunError::AlreadyRunning)),
            "{closed:?}"
        );
        assert!(!scene.is_closed());
        scene.turns(2).await;
        Ok(())
    })
}

fn a_closed_loop_refuses_everything(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let remote = scene.remote();
    let late = scene.call_soon(|| {})?;
    let timer = scene.call_later(Duration::ZERO, || {})?;
    scene.close()?;
    scene.close()?;
    assert!(scene.is_closed());
    assert!(matches!(scene.run_forever(), Err(RunError::Closed(_))));
    let run = scene.run_until_complete(async {});
    assert!(matches!(run, Err(RunError::Closed(_))), "{run:?}");
    assert!(scene.call_soon(|| {}).is_err());
    assert!(scene.call_later(Duration::ZERO, || {}).is_err());
    assert!(scene.call_at(scene.time(), || {}).is_err());
    assert!(remote.call_soon_threadsafe(|| {}).is_err());
    remote.stop();
    scene.stop();
    let held = Rc::new(());
    let inside = Rc::clone(&held);
    let task = scene.spawn(async move { drop(inside) });
    assert!(task.is_finished());
    assert_eq!(Rc::strong_count(&held), 1, "the future is kept");
    late.cancel();
    timer.cancel();
    Ok(())
}

fn an_error_of_a_callback_is_reported(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        scene.call_soon(|| Err::<(), _>("soon"))?;
        scene.call_later(Duration::ZERO, || Err::<(), _>("later"))?;
        let asked = scene
            .remote()
            .call_soon_threadsafe(|| Err::<(), _>("remote"));
        asked?;
        scene.call_later(Duration::from_millis(1), order.marking("goes on"))?;
        order.until("goes on", 1).await;
        let reports = scene.reports();
        assert_eq!(reports.len(), 3, "{reports:?}");
        for text in ["soon", "later", "remote"] {
            let report = reports.iter().find(|report| report.text.contains(text));
            assert!(report.is_some_and(|report| report.severity == Severity::Error));
        }
        Ok(())
    })
}

fn the_exception_handler_can_be_replaced(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let order = Trace::new();
    let (event_loop, trace) = (scene.handle(), order.clone());
    scene.set_exception_handler(Some(Rc::new(move |_| {
        trace.mark("first");
        let second = trace.clone();
        let again = Rc::new(move |_: &loopline_core::ExceptionContext<'_>| second.mark("second"));
        event_loop.set_exception_handler(Some(again));
    })));
    for _ in 0..3 {
        scene.call_soon(|| Err::<(), _>("broken"))?;
    }
    scene.run_until_complete(scene.turns(1))?;
    assert_eq!(order.marks(), ["first", "second", "second"]);
    scene.set_exception_handler(None);
    scene.call_soon(|| Err::<(), _>("for the default handler, which prints it"))?;
    scene.run_until_complete(scene.turns(1))?;
    assert_eq!(order.marks().len(), 3);
    scene.end()
}

fn slow_callbacks_are_reported_in_debug_mode(context: &Context) -> Outcome {
    let dawdle = || std::thread::sleep(Duration::from_millis(3));
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::readable_pair()?;
        let ours = Rc::new(ours);
        for debug in [false, true] {
            scene.set_debug(debug);
            scene.set_slow_callback_duration(Duration::from_millis(3));
            assert_eq!(scene.debug(), debug);
            let order = Trace::new();
            scene.call_soon(dawdle)?;
            scene.call_later(Duration::ZERO, dawdle)?;
            let task = scene.spawn(async move { dawdle() });
            let (event_loop, socket, trace) = (scene.handle(), ours.clone(), order.clone());
            scene.add_reader(&*ours, move || {
                dawdle();
                trace.mark("read");
                let source = loopline_core::backend::AsSource::as_source(&*socket);
                event_loop.remove_reader(&source).map(drop)
            })?;
            order.until("read", 1).await;
            task.await?;
            scene.turns(2).await;
            scene.set_debug(false);
            let reports = scene.reports();
            // More only if the machine has held something else up.
            let enough = if debug {
                reports.len() >= 4
            } else {
                reports.is_empty()
            };
            assert!(enough, "{reports:?}");
            for report in &reports {
                assert_eq!(report.severity, Severity::Warning);
            }
        }
        Ok(())
    })
}
