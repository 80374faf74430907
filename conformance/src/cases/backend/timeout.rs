//! B7: a wait is never early.

use std::io::Write;
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
        B7,
        zero_only_looks,
        "A wait of no time ends, whether anything is watched or not."
    ),
    case!(
        B7,
        never_early,
        "A wait that brings nothing takes at least its timeout, however short."
    )
    .anywhere(),
    case!(
        B7,
        never_early_beside_an_idle_source,
        "A watched source that is not ready does not shorten a wait."
    ),
    case!(
        B7,
        an_event_ends_a_long_wait,
        "A source that becomes ready ends a wait of hours."
    )
    .needs(Need::SYSTEM_CLOCK),
    case!(
        B7,
        the_longest_timeout_is_no_error,
        "The longest timeout that can be said waits, without overflow."
    )
    .anywhere()
    .needs(Need::SYSTEM_CLOCK),
    case!(
        B7,
        no_timeout_is_no_limit,
        "A wait without a timeout ends when it is woken, and not before."
    )
    .anywhere(),
];

const KEY: Key = Key::new(7, 3);

/// Timeouts on both sides of the resolution that system calls have.
const TIMEOUTS: [Duration; 7] = [
    Duration::from_nanos(1),
    Duration::from_nanos(999),
    Duration::from_micros(1),
    Duration::from_micros(999),
    Duration::from_millis(1),
    Duration::from_nanos(1_500_001),
    Duration::from_millis(50),
];

fn zero_only_looks(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    context.doing("waiting for no time");
    assert!(driver.poll()?.is_empty());
    let (ours, _theirs) = sockets::pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    context.doing("waiting for no time beside an idle source");
    assert!(driver.poll()?.is_empty());
    Ok(())
}

fn never_early(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    all_in_time(&mut driver)
}

fn never_early_beside_an_idle_source(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = sockets::pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    all_in_time(&mut driver)
}

fn all_in_time(driver: &mut Driver) -> Outcome {
    for timeout in TIMEOUTS {
        // Shorter ones say more if there are many of them.
        let rounds = if timeout < Duration::from_millis(10) {
            20
        } else {
            2
        };
        for _ in 0..rounds {
            let deadline = driver.now() + timeout;
            assert!(driver.wait(Some(timeout))?.is_empty());
            let now = driver.now();
            let early = deadline.saturating_duration_since(now);
            assert!(now >= deadline, "{timeout:?} ended {early:?} early");
        }
    }
    Ok(())
}

fn an_event_ends_a_long_wait(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, mut theirs) = sockets::pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    let peer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        theirs.write_all(b"now").map(|()| theirs)
    });
    context.doing("waiting for hours, or for data");
    while driver.wait(Some(Duration::from_secs(100 * 3600)))?.of(KEY) != Readiness::READ {}
    assert!(peer.join().is_ok_and(|peer| peer.is_ok()));
    Ok(())
}

fn the_longest_timeout_is_no_error(context: &Context) -> Outcome {
    let edges = [
        // What a C int of milliseconds, and of seconds, just does not hold.
        Duration::from_millis(1 << 31),
        Duration::from_secs(1 << 31),
        Duration::from_secs(1 << 62),
        Duration::from_secs(u64::MAX),
        Duration::MAX,
    ];
    for timeout in edges {
        ends_when_woken(context, Some(timeout))?;
    }
    Ok(())
}

fn no_timeout_is_no_limit(context: &Context) -> Outcome {
    ends_when_woken(context, None)
}

fn ends_when_woken(context: &Context, timeout: Option<Duration>) -> Outcome {
    let mut driver = Driver::new(context)?;
    context.doing(format!(
        "waiting for a wake-up, with the timeout {timeout:?}"
    ));
    let waker = driver.waker();
    let woken = Arc::new(AtomicBool::new(false));
    let about_to = Arc::clone(&woken);
    let thread = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        about_to.store(true, Ordering::SeqCst);
        waker.wake();
    });
    let batch = driver.wait(timeout)?;
    assert!(woken.load(Ordering::SeqCst), "the wait ended by itself");
    assert!(batch.is_empty(), "a wake-up is an event: {batch:?}");
    assert!(thread.join().is_ok());
    Ok(())
}
