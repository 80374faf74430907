//! B15: a clock of the backend's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use loopline_core::backend::{Interest, Key, Readiness};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::driver::Driver;
use crate::harness::sockets;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B15,
        a_wait_takes_its_timeout_exactly,
        "A wait that brings nothing moves the clock by its timeout, to the nanosecond."
    )
    .anywhere()
    .needs(Need::VIRTUAL_CLOCK),
    case!(
        B15,
        it_stands_still_between_waits,
        "The clock moves neither between waits nor in one that only looks."
    )
    .anywhere()
    .needs(Need::VIRTUAL_CLOCK),
    case!(
        B15,
        a_wake_up_takes_no_time,
        "A wait that a wake-up ends does not move the clock."
    )
    .anywhere()
    .needs(Need::VIRTUAL_CLOCK),
    case!(
        B15,
        an_event_takes_no_time,
        "A wait that brings an event which was there already does not move the clock."
    )
    .needs(Need::VIRTUAL_CLOCK),
    case!(
        B15,
        a_clock_that_is_held_stands_still,
        "While it is held the clock does not move, and a wait lasts until it is woken."
    )
    .anywhere()
    .needs(Need::VIRTUAL_CLOCK)
    .otherwise(the_clock_of_the_system_cannot_be_held),
    case!(
        B15,
        a_wait_beyond_all_time_is_woken,
        "The longest timeout neither overflows nor moves the clock back."
    )
    .anywhere()
    .needs(Need::VIRTUAL_CLOCK),
];

const KEY: Key = Key::new(7, 3);
const HOUR: Duration = Duration::from_secs(3600);

const TIMEOUTS: [Duration; 6] = [
    Duration::from_nanos(1),
    Duration::from_nanos(999_999),
    Duration::from_millis(1),
    Duration::from_nanos(1_500_001),
    HOUR,
    Duration::from_secs(30 * 365 * 24 * 3600),
];

fn a_wait_takes_its_timeout_exactly(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    for timeout in TIMEOUTS {
        let begin = driver.now();
        assert!(driver.wait(Some(timeout))?.is_empty());
        assert_eq!(driver.now().duration_since(begin), timeout);
    }
    Ok(())
}

fn it_stands_still_between_waits(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let begin = driver.now();
    thread::sleep(Duration::from_millis(2));
    assert_eq!(driver.now(), begin);
    assert!(driver.poll()?.is_empty());
    assert_eq!(driver.now(), begin);
    Ok(())
}

fn a_wake_up_takes_no_time(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let begin = driver.now();
    for timeout in [None, Some(HOUR)] {
        driver.waker().wake();
        context.doing(format!("waiting for {timeout:?}, or for a wake-up"));
        assert!(driver.wait(timeout)?.is_empty());
        assert_eq!(driver.now(), begin);
    }
    Ok(())
}

fn an_event_takes_no_time(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = sockets::readable_pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    let begin = driver.now();
    assert_eq!(driver.wait(Some(HOUR))?.of(KEY), Readiness::READ);
    assert_eq!(driver.now(), begin);
    Ok(())
}

fn a_clock_that_is_held_stands_still(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let begin = driver.now();
    driver.backend.hold_clock(true);
    assert!(driver.poll()?.is_empty());
    let woken = Arc::new(AtomicBool::new(false));
    let (waker, about_to) = (driver.waker(), Arc::clone(&woken));
    let thread = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        about_to.store(true, Ordering::SeqCst);
        waker.wake();
    });
    context.doing("waiting for a wake-up, with the clock held");
    assert!(driver.wait(Some(Duration::from_millis(1)))?.is_empty());
    assert!(woken.load(Ordering::SeqCst), "the wait ended by itself");
    assert_eq!(driver.now(), begin);
    assert!(thread.join().is_ok());
    driver.backend.hold_clock(false);
    assert!(driver.wait(Some(HOUR))?.is_empty());
    assert_eq!(driver.now() - begin, HOUR);
    Ok(())
}

fn the_clock_of_the_system_cannot_be_held(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    driver.backend.hold_clock(true);
    let begin = driver.now();
    let timeout = Duration::from_millis(1);
    context.doing("waiting, with a clock that cannot be held");
    assert!(driver.wait(Some(timeout))?.is_empty());
    assert!(driver.now() - begin >= timeout);
    Ok(())
}

fn a_wait_beyond_all_time_is_woken(context: &Context) -> Outcome {
    for timeout in [Duration::from_secs(u64::MAX), Duration::MAX] {
        let mut driver = Driver::new(context)?;
        let begin = driver.now();
        let waker = driver.waker();
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(5));
            waker.wake();
        });
        context.doing(format!("waiting for {timeout:?}"));
        assert!(driver.wait(Some(timeout))?.is_empty());
        assert!(driver.now() >= begin);
        assert!(thread.join().is_ok());
    }
    Ok(())
}
