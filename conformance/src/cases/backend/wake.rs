//! B9: waking a wait from elsewhere.

use std::io::Write;
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use loopline_core::backend::{Interest, Key, Readiness, Waker};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::driver::Driver;
use crate::harness::sockets;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B9,
        a_wake_up_before_the_wait_ends_it,
        "A wake-up that comes before a wait is kept for it."
    )
    .anywhere(),
    case!(B9, a_wake_up_is_no_event, "A wake-up brings no event.").anywhere(),
    case!(
        B9,
        many_wake_ups_end_one_wait,
        "Any number of wake-ups ends one wait, and the next one is not shortened."
    )
    .anywhere(),
    case!(
        B9,
        every_waker_wakes,
        "Wakers that were made apart, and copies, wake the same backend."
    )
    .anywhere(),
    case!(
        B9,
        none_is_lost,
        "A wake-up at any moment of a wait is seen, by it or by the next."
    )
    .anywhere(),
    case!(
        B9,
        sources_are_reported_beside_it,
        "A wake-up does not hide that a source is ready."
    ),
    case!(
        B9,
        nothing_happens_once_the_backend_is_gone,
        "A wake-up of a backend that is gone does nothing."
    )
    .anywhere(),
];

const KEY: Key = Key::new(7, 3);

fn a_wake_up_before_the_wait_ends_it(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    driver.waker().wake();
    context.doing("waiting after a wake-up");
    driver.wait(None)?;
    Ok(())
}

fn a_wake_up_is_no_event(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let waker = driver.waker();
    for _ in 0..3 {
        waker.wake();
        assert!(driver.linger()?.is_empty());
    }
    Ok(())
}

fn many_wake_ups_end_one_wait(context: &Context) -> Outcome {
    const A_WHILE: Duration = Duration::from_millis(20);
    let mut driver = Driver::new(context)?;
    for round in 0..3 {
        wake_from_threads(&driver.waker());
        context.doing(format!("waiting after many wake-ups, round {round}"));
        driver.wait(None)?;
        let deadline = driver.now() + A_WHILE;
        driver.wait(Some(A_WHILE))?;
        assert!(driver.now() >= deadline, "a second wait was ended too");
    }
    Ok(())
}

fn wake_from_threads(waker: &Waker) {
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..250).for_each(|_| waker.wake()));
        }
    });
}

fn every_waker_wakes(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let first = driver.waker();
    let copy = first.clone();
    let apart = driver.waker();
    drop(first);
    for waker in [copy, apart] {
        waker.wake();
        context.doing("waiting after a wake-up");
        driver.wait(None)?;
    }
    Ok(())
}

fn none_is_lost(context: &Context) -> Outcome {
    const ROUNDS: u32 = 5000;
    let mut driver = Driver::new(context)?;
    let waker = driver.waker();
    let asked = Arc::new(AtomicU32::new(0));
    let answered = Arc::new(AtomicU32::new(0));
    let (ask, answer) = (Arc::clone(&asked), Arc::clone(&answered));
    let thread = thread::spawn(move || {
        for round in 1..=ROUNDS {
            ask.store(round, Ordering::SeqCst);
            waker.wake();
            while answer.load(Ordering::SeqCst) != round {
                thread::yield_now();
            }
        }
    });
    for round in 1..=ROUNDS {
        context.doing(format!("waiting for wake-up {round} of {ROUNDS}"));
        while asked.load(Ordering::SeqCst) != round {
            driver.wait(None)?;
        }
        answered.store(round, Ordering::SeqCst);
    }
    thread
        .join()
        .unwrap_or_else(|payload| panic::resume_unwind(payload));
    Ok(())
}

fn sources_are_reported_beside_it(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, mut theirs) = sockets::pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    theirs.write_all(b"unread")?;
    let waker = driver.waker();
    for _ in 0..3 {
        waker.wake();
        driver.until_ready(KEY, Readiness::READ)?;
    }
    Ok(())
}

fn nothing_happens_once_the_backend_is_gone(context: &Context) -> Outcome {
    let driver = Driver::new(context)?;
    let waker = driver.waker();
    waker.wake();
    drop(driver);
    context.doing("waking a backend that is gone");
    wake_from_threads(&waker);
    // Nor does it reach a later one, which may have got the same descriptors.
    let mut driver = Driver::new(context)?;
    waker.wake();
    let deadline = driver.now() + Duration::from_millis(10);
    driver.wait(Some(Duration::from_millis(10)))?;
    assert!(
        driver.now() >= deadline,
        "the waker of one backend woke another"
    );
    Ok(())
}
