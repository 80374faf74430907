//! The door for other threads.

use std::future::poll_fn;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use loopline_core::{BoxError, EventLoop, EventLoopExt, Loop, RemoteHandle};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::scene::{Scene, on_loop};
use crate::harness::trace::Trace;
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        E3,
        a_call_from_another_thread_ends_a_wait,
        "A callback of another thread ends a wait without limit and runs on the loop's thread."
    ),
    case!(
        E3,
        calls_keep_the_order_of_the_loops_own,
        "On one thread call_soon and call_soon_threadsafe run in the order of the calls."
    ),
    case!(
        E3,
        thousands_of_calls_all_run_in_order,
        "Of thousands of calls from several threads none is lost, and each thread's keep their order."
    ),
    case!(
        E3,
        a_task_is_woken_from_another_thread,
        "A waker that another thread calls wakes the task that waits for it."
    ),
    case!(
        E3,
        the_loop_is_stopped_from_another_thread,
        "A stop of another thread ends a run that has nothing to do."
    ),
    case!(
        E3,
        calls_before_a_run_run_in_it,
        "What other threads queue before the loop runs, runs, and a stop among it makes that run one turn."
    ),
    case!(
        E3,
        a_closed_loop_is_not_woken,
        "After the loop is closed and gone, calls from other threads are errors and wake-ups do nothing."
    ),
    case!(
        E4,
        a_call_that_is_cancelled_before_does_not_run,
        "A callback that another thread cancels before it runs does not run, and is dropped."
    ),
    case!(
        E4,
        cancelling_waits_for_the_end_of_a_running_call,
        "Cancelling from another thread returns when the running callback is over; so does asking."
    ),
    case!(
        E4,
        a_call_that_cancels_itself_goes_on,
        "A callback that cancels itself goes on to its end."
    ),
    case!(
        E4,
        a_dropped_handle_leaves_the_call_alone,
        "A callback runs although its handle was dropped."
    ),
    case!(
        E39,
        loops_run_in_several_threads,
        "Loops run at the same time in threads other than the first, each with its own."
    ),
];

fn a_call_from_another_thread_ends_a_wait(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let remote = scene.remote();
    let here = thread::current().id();
    let (sender, receiver) = mpsc::channel();
    let calling = thread::spawn(move || {
        // Most likely the loop waits by then; if not, it is right as well.
        thread::sleep(Duration::from_millis(20));
        remote.call_soon_threadsafe(move || {
            sender.send(thread::current().id())?;
            loopline_core::running_loop().ok_or("no loop")?.stop();
            Ok::<_, BoxError>(())
        })
    });
    scene.run_forever()?;
    assert_eq!(receiver.recv()?, here);
    assert!(calling.join().is_ok_and(|called| called.is_ok()));
    scene.end()
}

fn calls_keep_the_order_of_the_loops_own(context: &Context) -> Outcome {
    // What callbacks of other threads share has to be Send.
    let order = Arc::new(Mutex::new(Vec::new()));
    let mark = |mark: u32| {
        let order = Arc::clone(&order);
        move || lock(&order).push(mark)
    };
    let scene = Scene::new(context)?;
    scene.remote().call_soon_threadsafe(mark(0))?;
    scene.call_soon(mark(1))?;
    scene.remote().call_soon_threadsafe(mark(2))?;
    scene.call_soon(mark(3))?;
    scene.run_until_complete(async {
        scene.turns(1).await;
        scene.call_soon(mark(4))?;
        scene.remote().call_soon_threadsafe(mark(5))?;
        scene.call_soon(mark(6))?;
        scene.turns(1).await;
        Ok::<_, loopline_core::LoopClosed>(())
    })??;
    assert_eq!(*lock(&order), [0, 1, 2, 3, 4, 5, 6]);
    scene.end()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn thousands_of_calls_all_run_in_order(context: &Context) -> Outcome {
    const THREADS: usize = 4;
    const CALLS: usize = 2000;
    let seen = Arc::new(Mutex::new(vec![Vec::new(); THREADS]));
    on_loop(context, async |scene| {
        let calling: Vec<_> = (0..THREADS)
            .map(|number| {
                let (remote, seen) = (scene.remote(), Arc::clone(&seen));
                thread::spawn(move || {
                    for call in 0..CALLS {
                        let seen = Arc::clone(&seen);
                        remote.call_soon_threadsafe(move || lock(&seen)[number].push(call))?;
                    }
                    Ok::<_, loopline_core::LoopClosed>(())
                })
            })
            .collect();
        scene
            .context
            .doing("waiting for the calls of other threads");
        while lock(&seen).iter().map(Vec::len).sum::<usize>() < THREADS * CALLS {
            scene.turns(1).await;
        }
        for thread in calling {
            assert!(thread.join().is_ok_and(|called| called.is_ok()));
        }
        for calls in &*lock(&seen) {
            assert!(calls.iter().copied().eq(0..CALLS));
        }
        Ok(())
    })
}

fn a_task_is_woken_from_another_thread(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for round in 0..50 {
            let (sender, receiver) = mpsc::channel::<Waker>();
            let (told, tell) = mpsc::channel();
            let waking = thread::spawn(move || {
                let waker = receiver.recv()?;
                if round % 2 == 0 {
                    thread::sleep(Duration::from_micros(200));
                }
                told.send(()).ok();
                waker.wake();
                Ok::<_, mpsc::RecvError>(())
            });
            let mut sent = false;
            let task = scene.spawn(poll_fn(move |cx| {
                if !sent {
                    sent = true;
                    let _ = sender.send(cx.waker().clone());
                    return Poll::Pending;
                }
                match tell.try_recv() {
                    Ok(()) => Poll::Ready(()),
                    Err(_) => Poll::Pending,
                }
            }));
            task.await?;
            assert!(waking.join().is_ok_and(|woken| woken.is_ok()));
        }
        Ok(())
    })
}

fn the_loop_is_stopped_from_another_thread(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    for _ in 0..20 {
        let remote = scene.remote();
        let stopping = thread::spawn(move || remote.stop());
        scene.run_forever()?;
        assert!(stopping.join().is_ok());
    }
    scene.end()
}

fn calls_before_a_run_run_in_it(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let order = Arc::new(Mutex::new(Vec::new()));
    let (remote, inside) = (scene.remote(), Arc::clone(&order));
    let calling = thread::spawn(move || {
        remote.call_soon_threadsafe(move || lock(&inside).push("called"))?;
        remote.stop();
        Ok::<_, loopline_core::LoopClosed>(())
    });
    assert!(calling.join().is_ok_and(|called| called.is_ok()));
    scene.run_forever()?;
    assert_eq!(*lock(&order), ["called"]);
    scene.end()
}

fn a_closed_loop_is_not_woken(context: &Context) -> Outcome {
    let event_loop = Loop::with_backend(context.backend()?);
    let remote = event_loop.remote();
    let held = Arc::new(());
    let inside = Arc::clone(&held);
    let queued = remote.call_soon_threadsafe(move || drop(inside))?;
    let place = Arc::new(Mutex::new(None));
    let put = Arc::clone(&place);
    let task = event_loop.spawn(poll_fn(move |cx| {
        lock(&put).replace(cx.waker().clone());
        Poll::<()>::Pending
    }));
    event_loop.stop();
    event_loop.run_forever()?;
    let waker = lock(&place).take();
    let waker = waker.ok_or_else(|| Stop::failed("the task did not run"))?;
    let mut late = Vec::new();
    for _ in 0..2 {
        let inside = Arc::clone(&held);
        late.push(remote.call_soon_threadsafe(move || drop(inside))?);
        // Brings the first to the loop's own queue.
        if late.len() == 1 {
            event_loop.call_soon(|| {})?;
        }
    }
    event_loop.close()?;
    assert_eq!(Arc::strong_count(&held), 1, "a callback is kept");
    assert!(task.is_finished());
    let calling = thread::spawn(move || {
        waker.wake_by_ref();
        let refused = remote.call_soon_threadsafe(|| {}).is_err();
        remote.stop();
        late.iter().for_each(RemoteHandle::cancel);
        (refused, waker, remote)
    });
    let called = calling.join();
    drop(event_loop);
    let (refused, waker, remote) = called.map_err(|_| Stop::failed("the thread panicked"))?;
    assert!(refused);
    waker.wake();
    assert!(remote.call_soon_threadsafe(|| {}).is_err());
    assert!(!queued.cancelled());
    Ok(())
}

fn a_call_that_is_cancelled_before_does_not_run(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let order = Arc::new(Mutex::new(Vec::new()));
    let inside = Arc::clone(&order);
    let remote = scene.remote();
    let handle = remote.call_soon_threadsafe(move || lock(&inside).push("cancelled"))?;
    let inside = Arc::clone(&order);
    remote.call_soon_threadsafe(move || lock(&inside).push("other"))?;
    let cancelling = thread::spawn(move || {
        assert!(!handle.cancelled());
        handle.cancel();
        handle.cancelled()
    });
    assert!(cancelling.join().is_ok_and(|cancelled| cancelled));
    assert_eq!(Arc::strong_count(&order), 2, "the callback is kept");
    scene.run_until_complete(scene.turns(2))?;
    assert_eq!(*lock(&order), ["other"]);
    scene.end()
}

fn cancelling_waits_for_the_end_of_a_running_call(context: &Context) -> Outcome {
    for ask in [false, true] {
        let scene = Scene::new(context)?;
        let over = Arc::new(Mutex::new(false));
        let ended = Arc::clone(&over);
        let (running, begun) = mpsc::channel();
        let handle = scene.remote().call_soon_threadsafe(move || {
            running.send(()).ok();
            thread::sleep(Duration::from_millis(20));
            *lock(&ended) = true;
        })?;
        let cancelling = thread::spawn(move || {
            begun.recv().ok();
            if ask {
                let _ = handle.cancelled();
            } else {
                handle.cancel();
            }
            *lock(&over)
        });
        scene.run_until_complete(scene.turns(2))?;
        assert!(cancelling.join().is_ok_and(|over| over), "it did not wait");
        scene.end()?;
    }
    Ok(())
}

fn a_call_that_cancels_itself_goes_on(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let (sender, receiver) = mpsc::channel::<RemoteHandle>();
    let (ended, over) = mpsc::channel();
    let handle = scene.remote().call_soon_threadsafe(move || {
        let own = receiver.recv()?;
        own.cancel();
        let _ = own.cancelled();
        ended.send(())?;
        Ok::<_, BoxError>(())
    })?;
    sender.send(handle).ok();
    scene.run_until_complete(scene.turns(2))?;
    over.try_recv()?;
    scene.end()
}

fn a_dropped_handle_leaves_the_call_alone(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let (sender, receiver) = mpsc::channel();
    drop(
        scene
            .remote()
            .call_soon_threadsafe(move || sender.send(()))?,
    );
    scene.run_until_complete(scene.turns(2))?;
    receiver.try_recv()?;
    scene.end()
}

fn loops_run_in_several_threads(context: &Context) -> Outcome {
    thread::scope(|threads| {
        let running: Vec<_> = (0..4)
            .map(|number| {
                let context = context.clone();
                threads.spawn(move || {
                    on_loop(&context, async |scene| {
                        let order = Trace::new();
                        scene.call_later(Duration::from_millis(1), order.marking(number))?;
                        order.until(number, 1).await;
                        Ok(())
                    })
                })
            })
            .collect();
        for thread in running {
            thread
                .join()
                .map_err(|_| Stop::failed("a loop panicked"))??;
        }
        Ok(())
    })
}
