//! B5: `unwatch` works at once and completely.

use std::io::Write;

use loopline_core::backend::{Interest, Key, Readiness};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::driver::Driver;
use crate::harness::sockets;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B5,
        nothing_is_reported_afterwards,
        "A source that is unwatched while it is ready is not reported again."
    ),
    case!(
        B5,
        what_was_about_to_be_reported_is_not,
        "Readiness that came between a wait and an unwatch is not reported."
    ),
    case!(
        B5,
        an_open_duplicate_reports_nothing,
        "An unwatched and closed source is not reported, though a duplicate is open."
    ),
    case!(
        B5,
        a_duplicate_is_a_source_of_its_own,
        "Unwatching a source leaves its watched duplicate alone."
    ),
    case!(
        B5,
        the_unknown_is_no_error,
        "Unwatching a source that is not watched is no error."
    ),
    case!(
        B5,
        others_stay_watched,
        "Unwatching one source leaves the others alone."
    ),
    case!(
        B5,
        watching_again_works,
        "A source that was unwatched can be watched again."
    ),
];

const KEY: Key = Key::new(7, 3);
const OTHER: Key = Key::new(8, 3);
const BOTH: Interest = Interest::all();

fn nothing_is_reported_afterwards(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, mut theirs) = sockets::pair()?;
    theirs.write_all(b"unread")?;
    driver.watch(&ours, KEY, BOTH)?;
    driver.until_ready(KEY, Readiness::all())?;
    driver.unwatch(&ours, KEY)?;
    assert!(driver.linger()?.is_empty());
    sockets::reset(theirs)?;
    assert!(driver.linger()?.is_empty());
    Ok(())
}

fn what_was_about_to_be_reported_is_not(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, mut theirs) = sockets::pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    assert!(driver.poll()?.is_empty());
    theirs.write_all(b"unread")?;
    sockets::await_readable(&ours)?;
    driver.unwatch(&ours, KEY)?;
    assert!(driver.linger()?.is_empty());
    Ok(())
}

fn an_open_duplicate_reports_nothing(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, mut theirs) = sockets::pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    assert!(driver.poll()?.is_empty());
    let duplicate = ours.try_clone()?;
    driver.unwatch(&ours, KEY)?;
    drop(ours);
    theirs.write_all(b"unread")?;
    sockets::await_readable(&duplicate)?;
    assert!(driver.linger()?.is_empty());
    Ok(())
}

fn a_duplicate_is_a_source_of_its_own(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, mut theirs) = sockets::pair()?;
    let duplicate = ours.try_clone()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    driver.watch(&duplicate, OTHER, Interest::READ)?;
    theirs.write_all(b"unread")?;
    driver.until_ready(KEY, Readiness::READ)?;
    driver.until_ready(OTHER, Readiness::READ)?;
    driver.unwatch(&ours, KEY)?;
    let batch = driver.linger()?;
    assert_eq!(batch.of(KEY), Readiness::empty());
    assert_eq!(batch.of(OTHER), Readiness::READ);
    Ok(())
}

fn the_unknown_is_no_error(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = sockets::pair()?;
    driver.unwatch(&ours, KEY)?;
    driver.watch(&ours, KEY, BOTH)?;
    driver.unwatch(&ours, KEY)?;
    driver.unwatch(&ours, KEY)?;
    assert!(driver.linger()?.is_empty());
    Ok(())
}

fn others_stay_watched(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = sockets::pair()?;
    let (others, _peer) = sockets::pair()?;
    driver.watch(&ours, KEY, Interest::WRITE)?;
    driver.watch(&others, OTHER, Interest::WRITE)?;
    driver.until_ready(OTHER, Readiness::WRITE)?;
    driver.unwatch(&ours, KEY)?;
    drop(ours);
    driver.until_ready(OTHER, Readiness::WRITE)?;
    assert_eq!(driver.linger()?.of(KEY), Readiness::empty());
    Ok(())
}

fn watching_again_works(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, mut theirs) = sockets::pair()?;
    theirs.write_all(b"unread")?;
    for generation in 0..3 {
        let key = Key::new(1, generation);
        driver.watch(&ours, key, Interest::READ)?;
        driver.until_ready(key, Readiness::READ)?;
        driver.unwatch(&ours, key)?;
        assert!(driver.linger()?.is_empty());
    }
    Ok(())
}
