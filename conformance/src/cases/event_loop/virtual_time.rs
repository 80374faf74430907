//! What a clock that jumps makes exact.

use std::time::Duration;

use loopline_core::{Elapsed, EventLoop, EventLoopExt, Resolver, SystemResolver};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::scene::on_loop;
use crate::harness::trace::Trace;
use crate::verdict::Outcome;

/// A case for a clock that jumps.
const fn exactly(case: Case) -> Case {
    case.needs(Need::VIRTUAL_CLOCK)
}

pub(super) const CASES: &[Case] = &[
    exactly(case!(
        E5,
        every_timer_runs_at_its_time,
        "On a virtual clock each of a thousand timers runs at its time, neither sooner nor later."
    )),
    exactly(case!(
        E5,
        nothing_runs_between_equal_deadlines,
        "On a virtual clock all timers of one time run in one turn, and what they queue in the next."
    )),
    exactly(case!(
        E6,
        sleeping_for_years_is_exact,
        "On a virtual clock a sleep takes its time to the nanosecond, however long that is."
    )),
    exactly(case!(
        E6,
        a_timeout_is_exact,
        "On a virtual clock a timeout comes at its time, and one of equal length begun before wins."
    )),
    exactly(case!(
        E7,
        a_cancelled_timer_does_not_end_a_wait,
        "On a virtual clock a timer that was cancelled costs no turn, and time does not stop at it."
    )),
    exactly(case!(
        E8,
        time_waits_for_other_threads,
        "While another thread looks up a name for the loop, a virtual clock stands still."
    )),
];

fn every_timer_runs_at_its_time(context: &Context) -> Outcome {
    const COUNT: u64 = 1000;
    on_loop(context, async |scene| {
        let order = Trace::new();
        let begin = scene.time();
        // 389 has no common divisor with the count: every number comes once.
        for number in (0..COUNT).map(|index| index * 389 % COUNT) {
            let delay = Duration::from_nanos(number * 1_000_003);
            let (clock, trace) = (scene.handle(), order.clone());
            scene.call_later(delay, move || {
                assert_eq!(clock.time(), begin + delay);
                trace.mark(number);
            })?;
        }
        order.until(COUNT - 1, 1).await;
        assert!(order.marks().into_iter().eq(0..COUNT));
        Ok(())
    })
}

fn nothing_runs_between_equal_deadlines(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Trace::new();
        let when = scene.time() + Duration::from_secs(1);
        for _ in 0..100 {
            let (event_loop, trace) = (scene.handle(), order.clone());
            scene.call_at(when, move || {
                let turn = event_loop.snapshot().turns;
                trace.mark(("timer", turn));
                let (again, trace) = (event_loop.clone(), trace.clone());
                let _ = event_loop.call_soon(move || {
                    trace.mark(("callback", again.snapshot().turns));
                });
            })?;
        }
        scene.sleep(Duration::from_secs(2)).await;
        let marks = order.marks();
        let (timers, callbacks) = marks.split_at(100);
        let (_, turn) = timers[0];
        assert!(timers.iter().all(|mark| *mark == ("timer", turn)));
        let next = turn.wrapping_add(1);
        assert!(callbacks.iter().all(|mark| *mark == ("callback", next)));
        assert_eq!(callbacks.len(), 100);
        Ok(())
    })
}

fn sleeping_for_years_is_exact(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for delay in [
            Duration::from_nanos(1),
            Duration::from_nanos(999_999_999),
            Duration::from_secs(3600),
            Duration::new(10 * 365 * 24 * 3600, 1),
        ] {
            let begin = scene.time();
            scene.sleep(delay).await;
            assert_eq!(scene.time() - begin, delay);
        }
        Ok(())
    })
}

fn a_timeout_is_exact(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let limit = Duration::from_secs(60);
        let begin = scene.time();
        let never = std::future::pending::<()>();
        assert_eq!(scene.timeout(limit, never).await, Err(Elapsed));
        assert_eq!(scene.time() - begin, limit);
        let sooner = scene.sleep(limit - Duration::from_nanos(1));
        assert_eq!(scene.timeout(limit, sooner).await, Ok(()));
        // Of equal ones the one that was polled first, which is the sleep.
        assert_eq!(scene.timeout(limit, scene.sleep(limit)).await, Ok(()));
        let later = scene.sleep(limit + Duration::from_nanos(1));
        assert_eq!(scene.timeout(limit, later).await, Err(Elapsed));
        Ok(())
    })
}

fn a_cancelled_timer_does_not_end_a_wait(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let before = scene.snapshot().turns;
        let mut timers = Vec::new();
        for number in 1..50 {
            timers.push(scene.call_later(Duration::from_secs(number), || {})?);
        }
        timers.iter().for_each(loopline_core::TimerHandle::cancel);
        scene.sleep(Duration::from_secs(100)).await;
        let turns = scene.snapshot().turns.wrapping_sub(before);
        assert!(turns <= 3, "{turns} turns for one timer");
        Ok(())
    })
}

fn time_waits_for_other_threads(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let begin = scene.time();
        for _ in 0..20 {
            let lookup = SystemResolver.resolve("127.0.0.1", 7);
            let found = scene.timeout(Duration::from_nanos(1), lookup).await;
            assert_eq!(found??, [([127, 0, 0, 1], 7).into()]);
        }
        assert_eq!(scene.time(), begin);
        // One that is given up holds the clock no longer.
        let lookup = SystemResolver.resolve("127.0.0.1", 7);
        drop(lookup);
        let limit = Duration::from_secs(1);
        scene.sleep(limit).await;
        assert_eq!(scene.time() - begin, limit);
        Ok(())
    })
}
