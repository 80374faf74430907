//! What runs at a time.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use loopline_core::{Elapsed, EventLoop, EventLoopExt, TimerHandle};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::scene::on_loop;
use crate::harness::trace::Trace;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        E5,
        timers_run_by_deadline,
        "Timers run in the order of their deadlines, whatever the order of the calls."
    ),
    case!(
        E5,
        equal_deadlines_keep_the_order_of_the_calls,
        "Timers with one deadline run in the order in which they were made."
    ),
    case!(
        E5,
        a_deadline_in_the_past_runs_in_the_next_turn,
        "A timer whose time has passed runs in the next turn."
    ),
    case!(
        E5,
        a_timer_without_delay_that_is_made_by_one_waits_for_the_next_turn,
        "A timer that makes one without delay again and again does not hold the loop."
    ),
    case!(
        E6,
        no_timer_is_early,
        "A timer does not run before its time, by the loop's clock."
    ),
    case!(
        E6,
        waiting_for_a_timer_does_not_spin,
        "The loop does not make turn after turn while a timer is not due."
    ),
    case!(
        E6,
        delays_beyond_all_clocks_are_no_error,
        "A timer for the end of time can be made, disturbs no other, and can be cancelled."
    ),
    case!(
        E6,
        a_sleep_is_never_early,
        "A future that sleeps goes on when the time has passed, not before."
    ),
    case!(
        E6,
        a_timeout_ends_a_future_and_drops_it,
        "A future that is not ready in time is dropped, and one that is gives its output."
    ),
    case!(
        E7,
        a_cancelled_timer_does_not_run_and_is_dropped,
        "A cancelled timer does not run, and its callback is dropped at once."
    ),
    case!(
        E7,
        a_timer_cancels_one_that_is_due_with_it,
        "A timer can cancel another that is due in the same turn."
    ),
    case!(
        E7,
        thousands_of_cancelled_timers_leave_the_others_alone,
        "Timers run in order although most of thousands were cancelled, in any order."
    ),
    case!(
        E7,
        the_time_can_be_asked_for_afterwards,
        "A timer's handle tells its time before and after it has run, and after it was cancelled."
    ),
    case!(
        E7,
        a_dropped_sleep_leaves_no_timer,
        "A sleep that is dropped takes its timer along."
    ),
    case!(
        E8,
        the_clock_goes_on_within_a_callback,
        "The loop's clock never goes back, and goes on while a callback runs."
    )
    .needs(Need::SYSTEM_CLOCK)
    .otherwise(the_clock_stands_still_within_a_callback),
];

fn timers_run_by_deadline(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let now = scene.time();
        for number in [3, 1, 4, 0, 5, 2] {
            let when = now + Duration::from_millis(5 + u64::from(number));
            scene.call_at(when, order.marking(number))?;
        }
        order.until(5_u8, 1).await;
        assert_eq!(order.marks(), [0, 1, 2, 3, 4, 5]);
        Ok(())
    })
}

fn equal_deadlines_keep_the_order_of_the_calls(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let when = scene.time() + Duration::from_millis(2);
        for number in 0..200 {
            scene.call_at(when, order.marking(number))?;
        }
        order.until(199, 1).await;
        assert!(order.marks().into_iter().eq(0..200));
        Ok(())
    })
}

fn a_deadline_in_the_past_runs_in_the_next_turn(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let past = scene.time();
        scene.sleep(Duration::from_millis(1)).await;
        scene.call_at(past, order.marking("past"))?;
        order.stays_silent();
        scene.turns(2).await;
        assert_eq!(order.marks(), ["past"]);
        Ok(())
    })
}

fn a_timer_without_delay_that_is_made_by_one_waits_for_the_next_turn(context: &Context) -> Outcome {
    fn again(event_loop: &loopline_core::LoopHandle, order: &Trace<&'static str>) {
        let (next, trace) = (event_loop.clone(), order.clone());
        let _ = event_loop.call_later(Duration::ZERO, move || {
            trace.mark("timer");
            if trace.count("callback") < 3 {
                again(&next, &trace);
            }
        });
    }
    on_loop(context, async |scene| {
        let order = Trace::new();
        again(&scene.handle(), &order);
        for _ in 0..3 {
            scene.turns(1).await;
            scene.call_soon(order.marking("callback"))?;
        }
        order.until("callback", 3).await;
        scene.turns(2).await;
        assert!(order.count("timer") <= 10, "{:?}", order.marks());
        Ok(())
    })
}

fn no_timer_is_early(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let early = Rc::new(Cell::new(false));
        for micros in [0, 1, 10, 100, 999, 1000, 1001, 1500, 7300] {
            let begin = scene.time();
            let delay = Duration::from_micros(micros);
            let (clock, early, mut mark) = (scene.handle(), early.clone(), order.marking("run"));
            scene.call_later(delay, move || {
                if clock.time() < begin + delay {
                    early.set(true);
                }
                mark();
            })?;
        }
        order.until("run", 9).await;
        assert!(!early.get());
        Ok(())
    })
}

fn waiting_for_a_timer_does_not_spin(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let before = scene.snapshot().turns;
        for _ in 0..10 {
            scene.sleep(Duration::from_micros(2300)).await;
        }
        let turns = scene.snapshot().turns.wrapping_sub(before);
        assert!(turns <= 60, "{turns} turns for 10 timers");
        Ok(())
    })
}

fn delays_beyond_all_clocks_are_no_error(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let delays = [
            Duration::MAX,
            Duration::from_secs(u64::from(u32::MAX)),
            Duration::from_secs(100_000),
        ];
        let mut far = Vec::new();
        for delay in delays {
            far.push(scene.call_later(delay, order.marking("far"))?);
        }
        scene.call_later(Duration::from_millis(2), order.marking("near"))?;
        order.until("near", 1).await;
        assert_eq!(order.count("far"), 0);
        assert_eq!(scene.snapshot().timers, 3);
        for timer in far {
            timer.cancel();
        }
        Ok(())
    })
}

fn a_sleep_is_never_early(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for micros in [0, 400, 1000, 2600] {
            let begin = scene.time();
            let delay = Duration::from_micros(micros);
            scene.sleep(delay).await;
            assert!(scene.time() >= begin + delay, "{delay:?}");
        }
        Ok(())
    })
}

fn a_timeout_ends_a_future_and_drops_it(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let held = Rc::new(());
        let inside = Rc::clone(&held);
        let begin = scene.time();
        let limit = Duration::from_millis(3);
        let mut timeout = Box::pin(scene.timeout(limit, async move {
            let _inside = inside;
            std::future::pending::<()>().await;
        }));
        assert_eq!(timeout.as_mut().await, Err(Elapsed));
        assert!(scene.time() >= begin + limit);
        assert_eq!(Rc::strong_count(&held), 1, "the future is kept");
        drop(timeout);
        let ready = scene.timeout(Duration::ZERO, async { 7 });
        assert_eq!(ready.await, Ok(7));
        let sooner = scene.timeout(Duration::from_secs(3600), scene.sleep(limit));
        assert_eq!(sooner.await, Ok(()));
        assert_eq!(scene.snapshot().timers, 0);
        Ok(())
    })
}

fn a_cancelled_timer_does_not_run_and_is_dropped(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let held = Rc::new(());
        let (inside, trace) = (Rc::clone(&held), order.clone());
        let timer = scene.call_later(Duration::from_millis(1), move || {
            let _inside = inside;
            trace.mark("cancelled");
        })?;
        timer.cancel();
        assert!(timer.cancelled());
        assert_eq!(Rc::strong_count(&held), 1, "the callback is kept");
        assert_eq!(scene.snapshot().timers, 0);
        timer.cancel();
        scene.sleep(Duration::from_millis(5)).await;
        order.stays_silent();
        Ok(())
    })
}

fn a_timer_cancels_one_that_is_due_with_it(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let when = scene.time() + Duration::from_millis(1);
        let place: Rc<RefCell<Option<TimerHandle>>> = Rc::default();
        let (inside, trace, event_loop) = (Rc::clone(&place), order.clone(), scene.handle());
        let timers = Rc::new(Cell::new(0));
        let count = Rc::clone(&timers);
        scene.call_at(when, move || {
            trace.mark("first");
            if let Some(next) = inside.take() {
                next.cancel();
            }
            count.set(event_loop.snapshot().timers);
        })?;
        place.replace(Some(scene.call_at(when, order.marking("next"))?));
        scene.call_at(when, order.marking("last"))?;
        order.until("last", 1).await;
        assert_eq!(order.marks(), ["first", "last"]);
        assert_eq!(timers.get(), 1, "only the last was left");
        Ok(())
    })
}

fn thousands_of_cancelled_timers_leave_the_others_alone(context: &Context) -> Outcome {
    const COUNT: usize = 5000;
    on_loop(context, async |scene| {
        let order = Trace::new();
        let begin = scene.time();
        let mut timers = Vec::new();
        // 7919 has no common divisor with the count: every number comes once.
        for number in (0..COUNT).map(|index| index * 7919 % COUNT) {
            let when = begin + Duration::from_micros(number as u64);
            timers.push((number, scene.call_at(when, order.marking(number))?));
        }
        for (number, timer) in &timers {
            if number % 100 != 99 {
                timer.cancel();
            }
        }
        assert_eq!(scene.snapshot().timers, COUNT / 100);
        order.until(COUNT - 1, 1).await;
        let expected = (0..COUNT).filter(|number| number % 100 == 99);
        assert!(order.marks().into_iter().eq(expected));
        Ok(())
    })
}

fn the_time_can_be_asked_for_afterwards(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let when = scene.time() + Duration::from_millis(1);
        let timer = scene.call_at(when, order.marking("run"))?;
        assert_eq!(timer.when(), when);
        order.until("run", 1).await;
        assert_eq!(timer.when(), when);
        assert!(!timer.cancelled());
        timer.cancel();
        assert_eq!(timer.when(), when);
        Ok(())
    })
}

fn a_dropped_sleep_leaves_no_timer(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let mut sleep = Box::pin(scene.sleep(Duration::from_secs(3600)));
        let pending =
            std::future::poll_fn(|cx| std::task::Poll::Ready(sleep.as_mut().poll(cx).is_pending()));
        assert!(pending.await);
        assert_eq!(scene.snapshot().timers, 1);
        drop(sleep);
        assert_eq!(scene.snapshot().timers, 0);
        Ok(())
    })
}

fn the_clock_stands_still_within_a_callback(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let (clock, trace) = (scene.handle(), order.clone());
        scene.call_soon(move || {
            let begin = clock.time();
            std::thread::sleep(Duration::from_millis(2));
            trace.mark(clock.time() == begin);
        })?;
        scene.turns(1).await;
        assert_eq!(order.marks(), [true]);
        Ok(())
    })
}

fn the_clock_goes_on_within_a_callback(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let (clock, trace) = (scene.handle(), order.clone());
        scene.call_soon(move || {
            let begin = clock.time();
            std::thread::sleep(Duration::from_millis(2));
            let end = clock.time();
            trace.mark(end >= begin + Duration::from_millis(2));
        })?;
        scene.turns(1).await;
        assert_eq!(order.marks(), [true]);
        let mut last = scene.time();
        for _ in 0..1000 {
            let now = scene.time();
            assert!(now >= last);
            last = now;
        }
        Ok(())
    })
}
