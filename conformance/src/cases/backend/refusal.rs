//! B6: what cannot be watched.

use std::io::ErrorKind;

use loopline_core::backend::{Interest, Key, Readiness};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::driver::Driver;
use crate::harness::{os, sockets};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B6,
        files_and_directories_are_unsupported,
        "Watching what has no readiness answers Unsupported."
    )
    .anywhere()
    .needs(Need::REFUSABLE_SOURCES),
    case!(
        B6,
        a_refusal_leaves_nothing_behind,
        "After a refusal nothing is reported, and unwatching is no error."
    )
    .needs(Need::REFUSABLE_SOURCES),
    case!(
        B6,
        pipes_are_watched_or_unsupported,
        "A backend watches pipes as its capabilities say, or answers Unsupported."
    )
    .anywhere()
    .needs(Need::REFUSABLE_SOURCES),
];

const KEY: Key = Key::new(7, 3);
const OTHER: Key = Key::new(8, 3);
const BOTH: Interest = Interest::all();

fn files_and_directories_are_unsupported(context: &Context) -> Outcome {
    let mut backend = context.backend()?;
    for refused in os::unwatchable()? {
        let source = refused.source.as_source();
        for want in [Interest::READ, Interest::WRITE, BOTH] {
            let watched = backend
                .watch(source, KEY, want)
                .map_err(|error| error.kind());
            assert_eq!(
                watched,
                Err(ErrorKind::Unsupported),
                "watch: {}",
                refused.kind
            );
            let rewatched = backend
                .rewatch(source, KEY, want)
                .map_err(|error| error.kind());
            assert_eq!(
                rewatched,
                Err(ErrorKind::Unsupported),
                "rewatch: {}",
                refused.kind
            );
        }
    }
    Ok(())
}

fn a_refusal_leaves_nothing_behind(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = sockets::pair()?;
    driver.watch(&ours, OTHER, Interest::WRITE)?;
    for refused in os::unwatchable()? {
        let source = refused.source.as_source();
        assert!(
            driver.backend.watch(source, KEY, BOTH).is_err(),
            "{}",
            refused.kind
        );
        let batch = driver.until_ready(OTHER, Readiness::WRITE)?;
        assert_eq!(batch.of(KEY), Readiness::empty(), "{}", refused.kind);
        driver.backend.unwatch(source, KEY)?;
    }
    Ok(())
}

fn pipes_are_watched_or_unsupported(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (_reader, writer) = os::pipe()?;
    let answer = driver.watch(&writer, KEY, Interest::WRITE);
    if driver.backend.capabilities().watches_any_descriptor {
        answer?;
        driver.until_ready(KEY, Readiness::WRITE)?;
    } else {
        let answer = answer.map_err(|error| error.kind());
        assert_eq!(answer, Err(ErrorKind::Unsupported));
        assert!(driver.linger()?.is_empty());
    }
    Ok(())
}
