//! The order of a turn.

use std::io::Write;
use std::time::Duration;

use loopline_core::{EventLoop, EventLoopExt, LoopHandle};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::scene::on_loop;
use crate::harness::sockets;
use crate::harness::trace::Trace;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        E1,
        callbacks_run_in_the_order_of_their_calls,
        "Callbacks run in the order in which they were queued."
    ),
    case!(
        E1,
        what_a_callback_queues_runs_in_the_next_turn,
        "What callbacks queue runs after all that were queued before, in a turn of its own."
    ),
    case!(
        E1,
        a_cancelled_callback_does_not_run,
        "A callback that is cancelled does not run, is dropped at once, and leaves the others in order."
    ),
    case!(
        E1,
        a_callback_cancels_the_next,
        "A callback can cancel one that is due in the same turn."
    ),
    case!(
        E1,
        tasks_and_callbacks_keep_their_order,
        "Tasks begin in the order in which they were spawned, in order with callbacks."
    ),
    case!(
        E2,
        queued_callbacks_come_before_events_and_those_before_timers,
        "In one turn what was queued runs first, then what the wait has brought, then what is due."
    )
    .on_sockets(),
    case!(
        E2,
        a_queued_callback_is_not_kept_waiting,
        "While something is queued the loop only looks for events, however far the next timer is."
    ),
];

fn callbacks_run_in_the_order_of_their_calls(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        for number in 0..100 {
            scene.call_soon(order.marking(number))?;
        }
        scene.turns(1).await;
        assert!(order.marks().into_iter().eq(0..100));
        Ok(())
    })
}

fn what_a_callback_queues_runs_in_the_next_turn(context: &Context) -> Outcome {
    fn queue(event_loop: &LoopHandle, order: &Trace<(u32, u32)>, generation: u32) {
        let (again, trace) = (event_loop.clone(), order.clone());
        let _ = event_loop.call_soon(move || {
            trace.mark((generation, again.snapshot().turns));
            if generation < 3 {
                queue(&again, &trace, generation + 1);
            }
        });
    }
    on_loop(context, async |scene| {
        let order = Trace::new();
        for _ in 0..3 {
            queue(&scene.handle(), &order, 0);
        }
        scene.turns(5).await;
        let marks = order.marks();
        assert_eq!(marks.len(), 12);
        let first = marks[0].1;
        for (index, (generation, turn)) in (0..).zip(marks) {
            assert_eq!(generation, index / 3, "a generation was overtaken");
            assert_eq!(turn.wrapping_sub(first), generation, "not a turn each");
        }
        Ok(())
    })
}

fn a_cancelled_callback_does_not_run(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let held = std::rc::Rc::new(());
        let inside = std::rc::Rc::clone(&held);
        scene.call_soon(order.marking("first"))?;
        let trace = order.clone();
        let handle = scene.call_soon(move || {
            let _inside = inside;
            trace.mark("cancelled");
        })?;
        scene.call_soon(order.marking("last"))?;
        assert!(!handle.cancelled());
        handle.cancel();
        assert!(handle.cancelled());
        assert_eq!(std::rc::Rc::strong_count(&held), 1, "the callback is kept");
        scene.turns(2).await;
        assert_eq!(order.marks(), ["first", "last"]);
        handle.cancel();
        Ok(())
    })
}

fn a_callback_cancels_the_next(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let place = std::rc::Rc::new(std::cell::RefCell::new(None));
        let (inside, trace) = (std::rc::Rc::clone(&place), order.clone());
        scene.call_soon(move || {
            trace.mark("first");
            let next: Option<loopline_core::Handle> = inside.take();
            if let Some(next) = next {
                next.cancel();
            }
        })?;
        place.replace(Some(scene.call_soon(order.marking("next"))?));
        scene.call_soon(order.marking("last"))?;
        scene.turns(2).await;
        assert_eq!(order.marks(), ["first", "last"]);
        Ok(())
    })
}

fn tasks_and_callbacks_keep_their_order(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let mut tasks = Vec::new();
        for number in 0..6 {
            let mut mark = order.marking(number);
            if number % 2 == 0 {
                tasks.push(scene.spawn(async move { mark() }));
            } else {
                scene.call_soon(mark)?;
            }
        }
        for task in tasks {
            task.await?;
        }
        assert_eq!(order.marks(), [0, 1, 2, 3, 4, 5]);
        Ok(())
    })
}

fn queued_callbacks_come_before_events_and_those_before_timers(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        let order = Trace::new();
        scene.add_reader(&ours, order.marking("event"))?;
        scene.turns(1).await;
        theirs.write_all(b"unread")?;
        sockets::await_readable(&ours)?;
        scene.call_later(Duration::ZERO, order.marking("timer"))?;
        scene.call_soon(order.marking("callback"))?;
        order.until("timer", 1).await;
        assert_eq!(order.marks(), ["callback", "event", "timer"]);
        assert!(scene.remove_reader(&ours)?);
        Ok(())
    })
}

fn a_queued_callback_is_not_kept_waiting(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        // Whoever waits for this one is given up by the watchdog.
        let far = scene.call_later(Duration::from_secs(3600), || {})?;
        scene.turns(10).await;
        far.cancel();
        Ok(())
    })
}
