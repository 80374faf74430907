//! Futures that run on the loop.

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use loopline_core::{EventLoop, EventLoopExt, JoinError, JoinHandle};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::scene::{Scene, on_loop};
use crate::harness::trace::Trace;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        E1,
        a_task_begins_in_a_later_step_than_spawn,
        "Spawning does not poll the future: it begins when the loop comes to it."
    ),
    case!(
        E1,
        a_task_that_wakes_itself_lets_others_run,
        "Tasks that wake themselves are polled in turn with each other."
    ),
    case!(
        E1,
        many_wake_ups_are_one_poll,
        "However often a task is woken before it is polled, it is polled once."
    ),
    case!(
        E11,
        a_task_gives_its_result_once,
        "Whoever waits for a task gets its result, before and after it has ended, also from another task."
    ),
    case!(
        E11,
        a_dropped_handle_lets_the_task_go_on,
        "A task goes on although its handle was dropped, and its result is dropped."
    ),
    case!(
        E7,
        a_cancelled_task_is_dropped_where_it_waits,
        "Cancelling drops the future in the next turn and gives an error to who waits for it."
    ),
    case!(
        E7,
        a_task_cancelled_before_it_begins_is_not_polled,
        "A task that is cancelled before its first poll is dropped without one."
    ),
    case!(
        E7,
        a_task_may_cancel_itself,
        "A task that cancels itself goes on to where it waits next, or completes."
    ),
    case!(
        E7,
        cancelling_an_ended_task_changes_nothing,
        "Cancelling a task that has ended leaves its result as it is."
    ),
    case!(
        E13,
        closing_the_loop_drops_every_task,
        "Closing drops every future where it waits, and tasks that destructors spawn at once; waiting for one is an error."
    ),
    case!(
        E41,
        ten_thousand_tasks_leave_nothing,
        "Of ten thousand tasks that have run nothing is left."
    ),
];

fn a_task_begins_in_a_later_step_than_spawn(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let mut mark = order.marking("task");
        let task = scene.spawn(async move { mark() });
        order.mark("spawned");
        assert_eq!(scene.snapshot().tasks, 1);
        assert!(!task.is_finished());
        task.await?;
        assert_eq!(order.marks(), ["spawned", "task"]);
        assert_eq!(scene.snapshot().tasks, 0);
        Ok(())
    })
}

fn a_task_that_wakes_itself_lets_others_run(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let mut tasks = Vec::new();
        for number in 0..3 {
            let mut mark = order.marking(number);
            let mut left = 5;
            tasks.push(scene.spawn(poll_fn(move |cx| {
                mark();
                left -= 1;
                if left == 0 {
                    return Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            })));
        }
        for task in tasks {
            task.await?;
        }
        for round in order.marks().chunks(3) {
            assert_eq!(round, [0, 1, 2]);
        }
        Ok(())
    })
}

fn many_wake_ups_are_one_poll(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let polls = Rc::new(Cell::new(0));
        let place = Rc::new(Cell::new(None));
        let (count, put) = (Rc::clone(&polls), Rc::clone(&place));
        let task = scene.spawn(poll_fn(move |cx| {
            count.set(count.get() + 1);
            put.set(Some(cx.waker().clone()));
            if count.get() == 3 {
                return Poll::Ready(());
            }
            Poll::Pending
        }));
        for round in 1..3 {
            scene.turns(2).await;
            assert_eq!(polls.get(), round);
            let waker = place.take();
            for waker in waker.iter().cycle().take(100) {
                waker.wake_by_ref();
            }
        }
        task.await?;
        scene.turns(2).await;
        assert_eq!(polls.get(), 3);
        Ok(())
    })
}

fn a_task_gives_its_result_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let before = scene.spawn(async { "before" });
        assert_eq!(before.await, Ok("before"));
        let after = scene.spawn(async { "after" });
        scene.turns(2).await;
        assert!(after.is_finished());
        assert_eq!(after.await, Ok("after"));
        let event_loop = scene.handle();
        let slow = scene.spawn(async move {
            event_loop.sleep(Duration::from_millis(1)).await;
            "slow"
        });
        let waiting = scene.spawn(slow);
        assert_eq!(waiting.await, Ok(Ok("slow")));
        Ok(())
    })
}

fn a_dropped_handle_lets_the_task_go_on(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let held = Rc::new(());
        let (inside, mut mark, event_loop) =
            (Rc::clone(&held), order.marking("ended"), scene.handle());
        drop(scene.spawn(async move {
            event_loop.sleep(Duration::from_millis(1)).await;
            mark();
            inside
        }));
        order.until("ended", 1).await;
        scene.turns(1).await;
        assert_eq!(Rc::strong_count(&held), 1, "the result is kept");
        Ok(())
    })
}

fn a_cancelled_task_is_dropped_where_it_waits(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let held = Rc::new(());
        let (inside, event_loop) = (Rc::clone(&held), scene.handle());
        let task = scene.spawn(async move {
            let _inside = inside;
            event_loop.sleep(Duration::from_secs(3600)).await;
        });
        scene.turns(2).await;
        assert_eq!(scene.snapshot().timers, 1);
        task.cancel();
        task.cancel();
        scene.turns(2).await;
        assert!(task.is_finished());
        assert_eq!(Rc::strong_count(&held), 1, "the future is kept");
        assert_eq!(scene.snapshot().timers, 0);
        assert_eq!(task.await, Err(JoinError::Cancelled));
        Ok(())
    })
}

fn a_task_cancelled_before_it_begins_is_not_polled(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let mut mark = order.marking("polled");
        let task = scene.spawn(async move { mark() });
        task.cancel();
        assert_eq!(task.await, Err(JoinError::Cancelled));
        order.stays_silent();
        Ok(())
    })
}

fn a_task_may_cancel_itself(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for completes in [false, true] {
            let order = Trace::new();
            let place: Rc<Cell<Option<Rc<JoinHandle<()>>>>> = Rc::default();
            let (own, trace) = (Rc::clone(&place), order.clone());
            let task = Rc::new(scene.spawn(async move {
                if let Some(own) = own.take() {
                    own.cancel();
                }
                trace.mark("goes on");
                if !completes {
                    pending::<()>().await;
                }
            }));
            place.set(Some(Rc::clone(&task)));
            scene.turns(3).await;
            assert!(task.is_finished());
            assert_eq!(order.marks(), ["goes on"]);
            let task = Rc::into_inner(task);
            let Some(task) = task else {
                return Err(crate::verdict::Stop::failed("the future is kept"));
            };
            assert_eq!(task.await.is_ok(), completes);
        }
        Ok(())
    })
}

fn cancelling_an_ended_task_changes_nothing(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let task = scene.spawn(async { 7 });
        scene.turns(2).await;
        assert!(task.is_finished());
        task.cancel();
        scene.turns(1).await;
        assert_eq!(task.await, Ok(7));
        Ok(())
    })
}

fn closing_the_loop_drops_every_task(context: &Context) -> Outcome {
    struct Spawning(loopline_core::LoopHandle, Trace<&'static str>);
    impl Drop for Spawning {
        fn drop(&mut self) {
            let trace = self.1.clone();
            let late = self.0.spawn(async move { trace.mark("polled") });
            self.1.mark(if late.is_finished() {
                "dropped"
            } else {
                "alive"
            });
            if self.0.call_soon(|| {}).is_ok() {
                self.1.mark("queued");
            }
        }
    }
    let scene = Scene::new(context)?;
    let order = Trace::new();
    let mut tasks = Vec::new();
    for begun in [true, false] {
        let spawning = Spawning(scene.handle(), order.clone());
        tasks.push(scene.spawn(async move {
            let spawning = spawning;
            spawning.0.sleep(Duration::from_secs(3600)).await;
        }));
        if begun {
            scene.run_until_complete(scene.turns(2))?;
        }
    }
    scene.close()?;
    assert_eq!(order.marks(), ["dropped", "dropped"]);
    assert!(tasks.iter().all(JoinHandle::is_finished));
    let other = Scene::new(context)?;
    for task in tasks {
        let joined = other.run_until_complete(task)?;
        assert_eq!(joined, Err(JoinError::Cancelled));
    }
    other.end()
}

fn ten_thousand_tasks_leave_nothing(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let held = Rc::new(());
        let tasks: Vec<_> = (0..10_000_u64)
            .map(|number| {
                let (event_loop, inside) = (scene.handle(), Rc::clone(&held));
                scene.spawn(async move {
                    let _inside = inside;
                    if number % 3 == 0 {
                        event_loop.sleep(Duration::from_micros(number % 100)).await;
                    }
                    number
                })
            })
            .collect();
        let mut sum = 0;
        for (number, task) in (0_u64..).zip(tasks) {
            if number % 7 == 0 {
                task.cancel();
            }
            sum += task.await.unwrap_or_default();
        }
        assert!(sum > 0);
        assert_eq!(Rc::strong_count(&held), 1);
        let left = scene.snapshot();
        assert_eq!((left.tasks, left.timers), (0, 0));
        Ok(())
    })
}
