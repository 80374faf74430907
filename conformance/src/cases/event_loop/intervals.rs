//! Time, as tasks see it.

use std::cell::Cell;
use std::future::{pending, ready};
use std::rc::Rc;
use std::time::Duration;

use loopline_core::{Elapsed, EventLoop, EventLoopExt, MissedTicks};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::scene::on_loop;
use crate::verdict::Outcome;

const PERIOD: Duration = Duration::from_millis(10);

pub(super) const CASES: &[Case] = &[
    case!(
        E6,
        an_interval_ticks_at_once_and_never_early,
        "The first tick of an interval is due at once, and each other one a period after the one before; none is early."
    ),
    case!(
        E6,
        missed_ticks_come_as_was_asked_for,
        "Ticks that nobody was there for come at once, or are left out, as was asked for."
    ),
    case!(
        E7,
        a_tick_that_was_given_up_is_not_lost,
        "A wait for a tick that is dropped leaves no timer behind, and the next wait gets that tick."
    ),
    case!(
        E5,
        a_limit_of_zero_asks_once,
        "A time limit of zero lets a future that is ready answer, and ends any other one at once."
    ),
    case!(
        E5,
        a_sleep_ends_at_its_time_and_can_be_set_anew,
        "sleep_until is ready at its time, at once if that has passed, and can be given another one."
    ),
];

fn an_interval_ticks_at_once_and_never_early(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let begin = scene.time();
        let mut interval = scene.interval(PERIOD);
        let first = interval.tick().await;
        assert!(first >= begin);
        for number in 1..=3 {
            let due = interval.tick().await;
            assert_eq!(due, first + PERIOD * number);
            assert!(scene.time() >= due, "it was early");
        }
        assert_eq!(interval.period(), PERIOD);
        Ok(())
    })
}

fn missed_ticks_come_as_was_asked_for(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for missed in [MissedTicks::Burst, MissedTicks::Skip, MissedTicks::Delay] {
            let mut interval = scene.interval(PERIOD).missed_ticks(missed);
            let first = interval.tick().await;
            let late = scene.sleep(PERIOD * 3 + PERIOD / 2);
            late.await;
            let second = interval.tick().await;
            assert_eq!(second, first + PERIOD, "{missed:?}");
            let now = scene.time();
            let third = interval.tick().await;
            match missed {
                MissedTicks::Burst => assert_eq!(third, first + PERIOD * 2),
                MissedTicks::Skip => {
                    assert!(third >= first + PERIOD * 4);
                    let since = third.duration_since(first).as_nanos();
                    assert_eq!(since % PERIOD.as_nanos(), 0);
                }
                _ => assert!(third >= now + PERIOD / 2 && third >= first + PERIOD * 4),
            }
        }
        Ok(())
    })
}

fn a_tick_that_was_given_up_is_not_lost(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let mut interval = scene.interval(PERIOD);
        let first = interval.tick().await;
        let given_up = scene.timeout(Duration::ZERO, interval.tick()).await;
        assert_eq!(given_up, Err(Elapsed));
        assert_eq!(interval.tick().await, first + PERIOD);
        let given_up = scene.timeout(Duration::ZERO, interval.tick()).await;
        assert_eq!(given_up, Err(Elapsed));
        drop(interval);
        assert_eq!(scene.snapshot().timers, 0);
        Ok(())
    })
}

fn a_limit_of_zero_asks_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        assert_eq!(scene.timeout(Duration::ZERO, ready(1)).await, Ok(1));
        let dropped = Rc::new(Cell::new(false));
        struct Flag(Rc<Cell<bool>>);
        impl Drop for Flag {
            fn drop(&mut self) {
                self.0.set(true);
            }
        }
        let flag = Flag(Rc::clone(&dropped));
        let never = async move {
            let _flag = flag;
            pending::<()>().await;
        };
        assert_eq!(scene.timeout(Duration::ZERO, never).await, Err(Elapsed));
        assert!(dropped.get());
        assert_eq!(scene.snapshot().timers, 0);
        Ok(())
    })
}

fn a_sleep_ends_at_its_time_and_can_be_set_anew(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let begin = scene.time();
        scene.sleep_until(begin).await;
        let mut sleep = Box::pin(scene.sleep_until(begin + PERIOD * 1000));
        let given_up = scene.timeout(Duration::ZERO, sleep.as_mut()).await;
        assert_eq!(given_up, Err(Elapsed));
        sleep.reset(begin + PERIOD);
        assert_eq!(scene.snapshot().timers, 0);
        sleep.as_mut().await;
        assert!(scene.time() >= begin + PERIOD);
        sleep.reset(scene.time() + PERIOD);
        sleep.await;
        assert!(scene.time() >= begin + PERIOD * 2);
        Ok(())
    })
}
