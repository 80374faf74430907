//! Time.

use std::io::ErrorKind;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use loopline_backend_sim::Simulation;
use loopline_core::{EventLoop, EventLoopExt, Loop, RunError};

use crate::{Fallible, within};

#[test]
fn a_year_passes_at_once() -> Fallible {
    let year = Duration::from_secs(365 * 24 * 3600);
    within(&Simulation::new(), async |sim, event_loop| {
        event_loop.sleep(year).await;
        assert_eq!(sim.elapsed(), year);
        Ok(())
    })
}

#[test]
fn time_that_is_let_pass_is_missed_by_timers() -> Fallible {
    within(&Simulation::new(), async |sim, event_loop| {
        let begin = event_loop.time();
        let (clock, late) = (sim.clone(), Duration::from_secs(3));
        event_loop.call_soon(move || clock.advance(late))?;
        event_loop.sleep(Duration::from_secs(1)).await;
        assert_eq!(event_loop.time() - begin, late);
        Ok(())
    })
}

#[test]
fn loops_of_a_simulation_have_one_time() -> Fallible {
    let sim = Simulation::new();
    for second in 1..4 {
        within(&sim, async |sim, event_loop| {
            event_loop.sleep(Duration::from_secs(1)).await;
            assert_eq!(sim.elapsed(), Duration::from_secs(second));
            Ok(())
        })?;
    }
    Ok(())
}

#[test]
fn a_held_clock_waits_for_another_thread() -> Fallible {
    within(&Simulation::new(), async |sim, event_loop| {
        let (sender, receiver) = mpsc::channel();
        let remote = event_loop.remote();
        let held = sim.hold_clock();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(10));
            let _ = remote
                .call_soon_threadsafe(move || sender.send("done").map_err(|_| "nobody waits"));
        });
        let late = event_loop.call_later(Duration::from_secs(1), || {})?;
        let mut turns = 0;
        while receiver.try_recv().is_err() {
            // Ends with the wake-up alone: each turn waits for the timer.
            event_loop.sleep(Duration::ZERO).await;
            turns += 1;
            assert!(turns < 1_000_000_000);
        }
        assert_eq!(sim.elapsed(), Duration::ZERO);
        drop(held);
        event_loop.sleep(Duration::from_secs(2)).await;
        assert_eq!(sim.elapsed(), Duration::from_secs(2));
        late.cancel();
        Ok(())
    })
}

#[test]
fn nothing_that_could_happen_is_an_error_if_that_was_asked_for() -> Fallible {
    let sim = Simulation::new();
    let limit = Duration::from_millis(5);
    sim.set_stall_limit(Some(limit));
    let event_loop = Loop::with_backend(Box::new(sim.backend()));
    let begin = Instant::now();
    let stalled = event_loop.run_until_complete(std::future::pending::<()>());
    assert!(begin.elapsed() >= limit);
    let Err(RunError::Wait { backend, source }) = stalled else {
        panic!("{stalled:?}");
    };
    assert_eq!((backend, source.kind()), ("sim", ErrorKind::TimedOut));
    // A timer is something that can happen.
    event_loop.run_until_complete(event_loop.sleep(Duration::from_secs(9)))?;
    Ok(())
}

#[test]
fn turns_that_take_time_get_to_the_timers() -> Fallible {
    fn again(event_loop: &loopline_core::LoopHandle) {
        let next = event_loop.clone();
        let _ = event_loop.call_soon(move || again(&next));
    }
    let sim = Simulation::new();
    sim.set_turn_duration(Duration::from_millis(1));
    within(&sim, async |sim, event_loop| {
        again(&event_loop.handle());
        event_loop.sleep(Duration::from_secs(1)).await;
        let elapsed = sim.elapsed();
        assert!(elapsed >= Duration::from_secs(1) && elapsed <= Duration::from_millis(1002));
        Ok(())
    })
}
