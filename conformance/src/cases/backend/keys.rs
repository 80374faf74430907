//! B3: a backend hands back the key it was given, and looks at nothing in it.

use std::io::Write;

use loopline_core::backend::{Interest, Key, Readiness};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::driver::Driver;
use crate::harness::sockets;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B3,
        every_key_comes_back_as_it_was,
        "Keys of any slot and generation come back unchanged."
    ),
    case!(
        B3,
        keys_of_one_slot_are_different_keys,
        "Two sources may have keys that differ only in the generation."
    ),
    case!(
        B3,
        the_newest_key_counts,
        "After a rewatch with another key, only that one is reported."
    ),
];

fn every_key_comes_back_as_it_was(context: &Context) -> Outcome {
    let parts = [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX];
    let keys = parts
        .iter()
        .flat_map(|&slot| parts.map(|generation| Key::new(slot, generation)));
    let mut driver = Driver::new(context)?;
    for key in keys.filter(|&key| key != Key::RESERVED) {
        let (ours, mut theirs) = sockets::pair()?;
        driver.watch(&ours, key, Interest::READ)?;
        theirs.write_all(b"x")?;
        driver.until_ready(key, Readiness::READ)?;
        driver.unwatch(&ours, key)?;
    }
    Ok(())
}

fn keys_of_one_slot_are_different_keys(context: &Context) -> Outcome {
    let (first, second) = (Key::new(5, 1), Key::new(5, 2));
    let mut driver = Driver::new(context)?;
    let (ours, mut theirs) = sockets::pair()?;
    let (others, mut peer) = sockets::pair()?;
    driver.watch(&ours, first, Interest::READ)?;
    driver.watch(&others, second, Interest::READ)?;
    theirs.write_all(b"x")?;
    let batch = driver.until_ready(first, Readiness::READ)?;
    assert_eq!(batch.of(second), Readiness::empty());
    peer.write_all(b"x")?;
    driver.until_ready(second, Readiness::READ)?;
    driver.unwatch(&ours, first)?;
    let batch = driver.linger()?;
    assert_eq!(batch.of(first), Readiness::empty());
    assert_eq!(batch.of(second), Readiness::READ);
    Ok(())
}

fn the_newest_key_counts(context: &Context) -> Outcome {
    let (old, new) = (Key::new(5, 1), Key::new(6, 9));
    let mut driver = Driver::new(context)?;
    let (ours, mut theirs) = sockets::pair()?;
    driver.watch(&ours, old, Interest::READ)?;
    theirs.write_all(b"x")?;
    driver.until_ready(old, Readiness::READ)?;
    driver.rewatch(&ours, new, Interest::READ)?;
    let batch = driver.until_ready(new, Readiness::READ)?;
    assert_eq!(batch.of(old), Readiness::empty());
    assert_eq!(driver.linger()?.of(old), Readiness::empty());
    Ok(())
}
