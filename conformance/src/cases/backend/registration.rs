//! B4: `watch` and `rewatch` do what they say, whatever was there before.

use std::io::Write;
use std::net::TcpStream;

use loopline_core::backend::{Interest, Key, Readiness, Rewatched};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::driver::Driver;
use crate::harness::sockets;
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(B4, rewatching_changes_the_interest, "After a rewatch the new interest is reported, and the old one is not."),
    case!(B4, interests_are_added_and_taken_away, "Changing one interest leaves the other as it is."),
    case!(B4, watching_twice_is_watching_anew, "Watching a watched source replaces its key and its interest."),
    case!(B4, rewatching_the_unknown_watches_it, "Rewatching a source that is not watched watches it."),
    case!(B4, rewatching_after_unwatching_watches_it, "Rewatching a source that was unwatched watches it."),
    case!(B4, watching_a_number_that_was_closed, "A new source with the number of a closed one is watched.")
        .isolated(),
    case!(B4, rewatching_a_number_that_was_closed, "A rewatch reaches a new source with the number of a closed one.")
        .isolated(),
    case!(B4, rewatching_tells_whether_it_is_the_same_source, "A rewatch tells a source of a number from an earlier one.")
        .isolated(),
    case!(B4, watching_a_number_whose_source_lives_on, "A new source with the number of a closed one is watched, though a duplicate of that is open.")
        .isolated(),
];

const KEY: Key = Key::new(7, 3);
const NEW: Key = Key::new(7, 4);
const BOTH: Interest = Interest::all();

/// A connection that is ready to read and to write.
fn ready_pair() -> Result<(TcpStream, TcpStream), Stop> {
    let (ours, mut theirs) = sockets::pair()?;
    theirs.write_all(b"unread")?;
    sockets::await_readable(&ours)?;
    Ok((ours, theirs))
}

fn rewatching_changes_the_interest(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = ready_pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    driver.until_ready(KEY, Readiness::READ)?;
    driver.rewatch(&ours, KEY, Interest::WRITE)?;
    driver.until_ready(KEY, Readiness::WRITE)?;
    assert_eq!(driver.linger()?.of(KEY), Readiness::WRITE);
    driver.rewatch(&ours, KEY, Interest::READ)?;
    driver.until_ready(KEY, Readiness::READ)?;
    assert_eq!(driver.linger()?.of(KEY), Readiness::READ);
    Ok(())
}

fn interests_are_added_and_taken_away(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = ready_pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    assert_eq!(driver.linger()?.of(KEY), Readiness::READ);
    driver.rewatch(&ours, KEY, BOTH)?;
    driver.until_ready(KEY, Readiness::all())?;
    driver.rewatch(&ours, KEY, Interest::READ)?;
    assert_eq!(driver.linger()?.of(KEY), Readiness::READ);
    Ok(())
}

fn watching_twice_is_watching_anew(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = ready_pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    driver.until_ready(KEY, Readiness::READ)?;
    driver.watch(&ours, NEW, Interest::WRITE)?;
    driver.until_ready(NEW, Readiness::WRITE)?;
    let batch = driver.linger()?;
    assert_eq!(batch.of(NEW), Readiness::WRITE);
    assert_eq!(batch.of(KEY), Readiness::empty());
    Ok(())
}

fn rewatching_the_unknown_watches_it(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = ready_pair()?;
    driver.rewatch(&ours, KEY, BOTH)?;
    driver.until_ready(KEY, Readiness::all())?;
    Ok(())
}

fn rewatching_after_unwatching_watches_it(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = ready_pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    driver.until_ready(KEY, Readiness::READ)?;
    driver.unwatch(&ours, KEY)?;
    driver.rewatch(&ours, NEW, Interest::WRITE)?;
    let batch = driver.until_ready(NEW, Readiness::WRITE)?;
    assert_eq!(batch.of(KEY), Readiness::empty());
    Ok(())
}

fn watching_a_number_that_was_closed(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = ready_pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    driver.until_ready(KEY, Readiness::READ)?;
    let (ours, _theirs) = sockets::successor(ours)?;
    driver.watch(&ours, NEW, Interest::READ)?;
    driver.until_ready(NEW, Readiness::READ)?;
    assert_eq!(driver.linger()?.of(NEW), Readiness::READ);
    Ok(())
}

fn rewatching_a_number_that_was_closed(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = ready_pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    driver.until_ready(KEY, Readiness::READ)?;
    let (ours, _theirs) = sockets::successor(ours)?;
    driver.rewatch(&ours, NEW, Interest::READ)?;
    driver.until_ready(NEW, Readiness::READ)?;
    assert_eq!(driver.linger()?.of(NEW), Readiness::READ);
    Ok(())
}

fn rewatching_tells_whether_it_is_the_same_source(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = ready_pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    assert_eq!(driver.rewatch(&ours, KEY, BOTH)?, Rewatched::Changed);
    let (ours, _theirs) = sockets::successor(ours)?;
    assert_eq!(driver.rewatch(&ours, NEW, BOTH)?, Rewatched::Anew);
    assert_eq!(driver.rewatch(&ours, NEW, BOTH)?, Rewatched::Changed);
    driver.unwatch(&ours, NEW)?;
    assert_eq!(driver.rewatch(&ours, NEW, BOTH)?, Rewatched::Anew);
    Ok(())
}

fn watching_a_number_whose_source_lives_on(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = ready_pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    driver.until_ready(KEY, Readiness::READ)?;
    let _duplicate = ours.try_clone()?;
    let (ours, _theirs) = sockets::successor(ours)?;
    driver.watch(&ours, NEW, Interest::READ)?;
    driver.until_ready(NEW, Readiness::READ)?;
    driver.unwatch(&ours, NEW)?;
    // What the duplicate has to say is the first key's, if anything at all.
    assert_eq!(driver.linger()?.of(NEW), Readiness::empty());
    Ok(())
}
