//! Panics leave the run, and the loop goes on in the next one.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::rc::Rc;
use std::time::Duration;

use loopline_core::{EventLoop, EventLoopExt, JoinError, ServerOptions, running_loop};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::Scene;
use crate::harness::sockets;
use crate::harness::trace::Trace;
use crate::verdict::{Outcome, Stop};

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
        a_panic_in_connection_made_ends_that_connection,
        "A panic of connection_made ends the connection with connection_lost, and the server goes on."
    )
    .on_sockets(),
    case!(
        E15,
        a_panic_in_data_received_ends_that_connection,
        "A panic of data_received ends the connection with an error for connection_lost, and others go on."
    )
    .on_sockets(),
    case!(
        E15,
        a_panic_in_pause_writing_ends_that_connection,
        "A panic of pause_writing ends the connection instead of leaving it paused for ever."
    )
    .on_sockets(),
    case!(
        E15,
        a_panic_in_connection_lost_closes_the_socket,
        "A panic of connection_lost leaves neither socket nor transport behind."
    )
    .on_sockets(),
    case!(
        E15,
        a_panic_of_a_protocol_factory_ends_that_connection,
        "A panic of a protocol factory closes the one connection, and the next is accepted."
    )
    .on_sockets(),
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

/// What the panics of these cases carry.
#[derive(PartialEq, Eq)]
struct OnPurpose;

/// Runs something that panics.
fn panics(run: impl FnOnce()) -> Outcome {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(()) => Err(Stop::failed("there was no panic")),
        Err(payload) if payload.downcast_ref() == Some(&OnPurpose) => Ok(()),
        // A panic that nobody wanted is the case's own.
        Err(payload) => resume_unwind(payload),
    }
}

/// Runs the loop until something in it panics.
fn run_panics(scene: &Scene<'_>) -> Outcome {
    panics(|| {
        let _ = scene.run_forever();
    })?;
    assert!(!scene.is_running());
    assert!(running_loop().is_none());
    Ok(())
}

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

fn a_panic_in_connection_made_ends_that_connection(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let logs = [Log::default(), Log::default()];
    let mut next = logs.clone().into_iter();
    let factory = move || {
        let log = next.next().unwrap_or_default();
        let fails = next.len() == 1;
        log.recorder().reacting(move |call, _| {
            if fails && *call == Call::Made {
                fail();
            }
            Ok(())
        })
    };
    let server = scene.run_until_complete(scene.create_server(
        factory,
        ("127.0.0.1", 0),
        ServerOptions::default(),
    ))??;
    let address = server.sockets().first().and_then(|name| name.as_inet());
    let address = address.ok_or_else(|| Stop::failed("no address"))?;
    let mut first = std::net::TcpStream::connect(address)?;
    run_panics(&scene)?;
    let _second = std::net::TcpStream::connect(address)?;
    scene.run_until_complete(async {
        assert!(logs[0].until_lost().await.is_some());
        logs[1].until(|calls, _| calls == [Call::Made]).await;
    })?;
    assert_eq!(logs[0].count(|call| matches!(call, Call::Lost(_))), 1);
    assert_eq!(first.read(&mut [0])?, 0);
    server.close();
    scene.end()
}

fn a_panic_in_data_received_ends_that_connection(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let (broken, whole) = (Log::default(), Log::default());
    let (ours, mut theirs) = sockets::pair()?;
    let (others, mut peer) = sockets::pair()?;
    let failing = broken.recorder().reacting(|call, _| {
        if matches!(call, Call::Data(_)) {
            fail();
        }
        Ok(())
    });
    let echoing = whole.recorder().keep_open();
    scene.run_until_complete(scene.connect_accepted_socket(|| failing, ours))??;
    scene.run_until_complete(scene.connect_accepted_socket(|| echoing, others))??;
    theirs.write_all(b"x")?;
    peer.write_all(b"whole")?;
    peer.shutdown(Shutdown::Write)?;
    run_panics(&scene)?;
    scene.run_until_complete(async {
        assert!(broken.until_lost().await.is_some());
        whole.until(|calls, _| calls.contains(&Call::Eof)).await;
    })?;
    assert_eq!(whole.calls(), [Call::Made, Call::Data(5), Call::Eof]);
    assert_eq!(broken.count(|call| matches!(call, Call::Lost(_))), 1);
    assert_eq!(theirs.read(&mut [0])?, 0);
    scene.end()
}

fn a_panic_in_pause_writing_ends_that_connection(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let log = Log::default();
    let (ours, theirs) = sockets::pair()?;
    let failing = log.recorder().reacting(|call, _| {
        if *call == Call::Pause {
            fail();
        }
        Ok(())
    });
    let (transport, _) =
        scene.run_until_complete(scene.connect_accepted_socket(|| failing, ours))??;
    panics(|| {
        let _ = scene.run_until_complete(async {
            let _ = transport.write(&vec![0; 16 << 20]);
        });
    })?;
    scene.run_until_complete(async {
        assert!(log.until_lost().await.is_some());
    })?;
    drop(theirs);
    scene.end()
}

fn a_panic_in_connection_lost_closes_the_socket(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let log = Log::default();
    let (ours, mut theirs) = sockets::pair()?;
    let failing = log.recorder().reacting(|call, _| {
        if matches!(call, Call::Lost(_)) {
            fail();
        }
        Ok(())
    });
    let (transport, _) =
        scene.run_until_complete(scene.connect_accepted_socket(|| failing, ours))??;
    transport.close();
    run_panics(&scene)?;
    assert_eq!(theirs.read(&mut [0])?, 0);
    assert_eq!(scene.snapshot().transports, 0);
    assert_eq!(log.count(|call| matches!(call, Call::Lost(_))), 1);
    scene.end()
}

fn a_panic_of_a_protocol_factory_ends_that_connection(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let log = Log::default();
    let (inside, mut calls) = (log.clone(), 0);
    let factory = move || {
        calls += 1;
        if calls == 1 {
            fail();
        }
        inside.recorder()
    };
    let server = scene.run_until_complete(scene.create_server(
        factory,
        ("127.0.0.1", 0),
        ServerOptions::default(),
    ))??;
    let address = server.sockets().first().and_then(|name| name.as_inet());
    let address = address.ok_or_else(|| Stop::failed("no address"))?;
    let mut first = std::net::TcpStream::connect(address)?;
    let _second = std::net::TcpStream::connect(address)?;
    run_panics(&scene)?;
    assert_eq!(first.read(&mut [0])?, 0);
    scene.run_until_complete(log.until(|calls, _| calls == [Call::Made]))?;
    server.close();
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

fn fail() {
    panic_any(OnPurpose);
}
