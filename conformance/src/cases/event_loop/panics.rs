//! Panics leave the run, and the loop goes on in the next one.

use std::io::Read;
use std::rc::Rc;
use std::time::Duration;

use loopline_core::{EventLoop, EventLoopExt, JoinError, running_loop};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::panics::{fail, panics, run_panics};
use crate::harness::recorder::Log;
use crate::harness::scene::Scene;
use crate::harness::sockets;
use crate::harness::trace::Trace;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        E15,
        a_panic_of_a_callback_loses_no_other,
        "A panic of a callback leaves the run; the callbacks behind it run in the next one, and it does not again."
    ),
    case!(
        E15,
        a_panic_of_a_timer_loses_no_other,
        "Timers that were due with one that panics run in the next run, once and in order."
    ),
    case!(
        E15,
        a_panic_of_a_reader_loses_no_event,
        "A reader that panics stays watched, and others that were due with it are called in the next run."
    )
    .on_sockets(),
    case!(
        E15,
        what_a_reader_did_before_it_panicked_counts,
        "A reader that was removed or set anew in the turn of a panic is not called for the events of that turn."
    )
    .on_sockets(),
    case!(
        E15,
        a_panic_of_a_task_ends_that_task,
        "A panic of a task leaves the run, ends the task with an error for who waits for it, and leaves others alone."
    ),
    case!(
        E15,
        a_panic_of_the_main_future_leaves_the_loop_usable,
        "After a panic of the future that it runs the loop is not running, and runs again."
    ),
    case!(
        E15,
        a_panic_of_the_exception_handler_leaves_the_run,
        "A panic of the exception handler leaves the run like any other."
    ),
    case!(
        E15,
        a_panic_of_a_remote_callback_ends_it,
        "A panic of a callback of another thread leaves the run, and nobody waits for the callback any more."
    ),
    case!(
        E15,
        a_panic_of_a_destructor_leaves_a_closed_loop,
        "A panic of a destructor leaves close; closing again lets go of the rest."
    ),
];

fn a_panic_of_a_callback_loses_no_other(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let order = Trace::new();
    scene.call_soon(order.marking("first"))?;
    let trace = order.clone();
    scene.call_soon(move || {
        trace.mark("panic");
        fail();
    })?;
    scene.call_soon(order.marking("last"))?;
    let task = scene.spawn(async { 7 });
    run_panics(&scene)?;
    assert_eq!(order.marks(), ["first", "panic"]);
    assert_eq!(scene.run_until_complete(task)??, 7);
    assert_eq!(order.marks(), ["first", "panic", "last"]);
    scene.end()
}

fn a_panic_of_a_timer_loses_no_other(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let order = Trace::new();
    let when = scene.time();
    scene.call_at(when, order.marking(1))?;
    scene.call_at(when, fail)?;
    scene.call_at(when, order.marking(2))?;
    scene.call_at(when, order.marking(3))?;
    run_panics(&scene)?;
    assert_eq!(order.marks(), [1]);
    assert_eq!(scene.snapshot().timers, 2);
    scene.run_until_complete(scene.turns(2))?;
    assert_eq!(order.marks(), [1, 2, 3]);
    scene.end()
}

fn a_panic_of_a_reader_loses_no_event(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let order = Trace::new();
    let mut watched = Vec::new();
    for number in 0..3 {
        let (ours, theirs) = sockets::readable_pair()?;
        let trace = order.clone();
        scene.add_reader(&ours, move || {
            trace.mark(number);
            if trace.marks().len() == 2 {
                fail();
            }
        })?;
        watched.push((ours, theirs));
    }
    run_panics(&scene)?;
    assert_eq!(order.marks().len(), 2);
    scene.run_until_complete(scene.turns(3))?;
    for number in 0..3 {
        assert!(order.count(number) >= 2, "{number}: {:?}", order.marks());
    }
    let marks = order.marks();
    assert!(!marks[..2].contains(&marks[2]), "{marks:?}");
    for (ours, _) in &watched {
        assert!(scene.remove_reader(&ours)?);
    }
    scene.end()
}

fn what_a_reader_did_before_it_panicked_counts(context: &Context) -> Outcome {
    for again in [false, true] {
        let scene = Scene::new(context)?;
        let order = Trace::new();
        let (left, _to_left) = sockets::readable_pair()?;
        let (right, _to_right) = sockets::readable_pair()?;
        let (left, right) = (Rc::new(left), Rc::new(right));
        for (ours, other) in [(&left, &right), (&right, &left)] {
            let (event_loop, other, trace) = (scene.handle(), Rc::clone(other), order.clone());
            scene.add_reader(&**ours, move || {
                trace.mark("old");
                if trace.count("old") > 1 {
                    return Ok(());
                }
                event_loop.remove_reader(&other)?;
                if again {
                    let (next, turn) = (trace.clone(), event_loop.clone());
                    let began = turn.snapshot().turns;
                    event_loop.add_reader(&*other, move || {
                        next.mark(if turn.snapshot().turns == began {
                            "early"
                        } else {
                            "new"
                        });
                    })?;
                }
                fail();
                Ok::<_, loopline_core::WatchError>(())
            })?;
        }
        run_panics(&scene)?;
        assert_eq!(order.marks(), ["old"]);
        scene.run_until_complete(scene.turns(3))?;
        assert_eq!(order.count("early"), 0);
        assert_eq!(order.count("new") > 0, again, "{:?}", order.marks());
        assert_eq!(scene.snapshot().dead_events, 0);
        scene.remove_reader(&left)?;
        scene.remove_reader(&right)?;
        scene.end()?;
    }
    Ok(())
}

fn a_panic_of_a_task_ends_that_task(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let held = Rc::new(());
    let inside = Rc::clone(&held);
    let broken = scene.spawn(async move {
        let _inside = inside;
        fail();
    });
    let joining = scene.spawn(broken);
    let other = scene.spawn(async { 7 });
    run_panics(&scene)?;
    assert_eq!(Rc::strong_count(&held), 1, "the future is kept");
    let joined = scene.run_until_complete(joining)??;
    assert_eq!(joined, Err(JoinError::Panicked));
    assert_eq!(scene.run_until_complete(other)??, 7);
    scene.end()
}

fn a_panic_of_the_main_future_leaves_the_loop_usable(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    panics(|| {
        let _ = scene.run_until_complete(async {
            scene.turns(2).await;
            fail();
        });
    })?;
    assert!(!scene.is_running());
    assert!(running_loop().is_none());
    assert_eq!(scene.run_until_complete(async { 7 })?, 7);
    scene.end()
}

fn a_panic_of_the_exception_handler_leaves_the_run(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let order = Trace::new();
    scene.set_exception_handler(Some(Rc::new(|_| fail())));
    scene.call_soon(|| Err::<(), _>("broken"))?;
    scene.call_soon(order.marking("next"))?;
    run_panics(&scene)?;
    scene.set_exception_handler(None);
    scene.run_until_complete(scene.turns(1))?;
    assert_eq!(order.marks(), ["next"]);
    scene.end()
}

fn a_panic_of_a_remote_callback_ends_it(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let handle = scene.remote().call_soon_threadsafe(fail)?;
    run_panics(&scene)?;
    assert!(!handle.cancelled());
    let cancelling = std::thread::spawn(move || handle.cancel());
    assert!(cancelling.join().is_ok());
    scene.run_until_complete(scene.sleep(Duration::from_millis(1)))?;
    scene.end()
}

fn a_panic_of_a_destructor_leaves_a_closed_loop(context: &Context) -> Outcome {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            fail();
        }
    }
    let scene = Scene::new(context)?;
    let held = Rc::new(());
    let inside = Rc::clone(&held);
    scene.call_later(Duration::from_secs(3600), move || drop(inside))?;
    let (ours, mut theirs) = sockets::pair()?;
    let inside = Rc::clone(&held);
    let recorder = Log::default().recorder().reacting(move |_, _| {
        let _inside = &inside;
        Ok(())
    });
    scene.run_until_complete(scene.connect_accepted_socket(|| recorder, ours))??;
    let bomb = Bomb;
    scene.call_soon(move || drop(bomb))?;
    panics(|| {
        let _ = scene.close();
    })?;
    assert!(scene.is_closed());
    scene.close()?;
    assert_eq!(Rc::strong_count(&held), 1, "something is kept");
    assert_eq!(theirs.read(&mut [0])?, 0);
    Ok(())
}
