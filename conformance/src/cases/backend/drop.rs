//! B12: a backend that is dropped is done with everything.

use std::io::Write;

use loopline_core::backend::{Interest, Key, Readiness};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::driver::{Driver, Stretch};
use crate::harness::{files, sockets};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B12,
        sources_survive_their_backend,
        "Sources that were watched stay open, and another backend watches them."
    ),
    case!(
        B12,
        backends_do_not_share_sources,
        "A source may be watched by two backends, and outlives neither's registration in the other."
    ),
    case!(
        B12,
        dropping_ends_with_a_job_in_flight,
        "Dropping a backend with a job in flight ends, and leaves the handles to the caller."
    )
    .needs(Need::COMPLETES),
];

const KEY: Key = Key::new(7, 3);
const OTHER: Key = Key::new(8, 3);

fn sources_survive_their_backend(context: &Context) -> Outcome {
    let (mut ours, mut theirs) = sockets::pair()?;
    for round in 0..3 {
        let mut driver = Driver::new(context)?;
        driver.watch(&ours, KEY, Interest::all())?;
        driver.until_ready(KEY, Readiness::WRITE)?;
        context.doing(format!("dropping backend {round} with a watched source"));
        drop(driver);
    }
    theirs.write_all(b"still open")?;
    sockets::await_readable(&ours)?;
    assert_eq!(sockets::drain(&mut ours)?, b"still open");
    Ok(())
}

fn backends_do_not_share_sources(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let mut second = Driver::new(context)?;
    let (ours, mut theirs) = sockets::pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    second.watch(&ours, OTHER, Interest::READ)?;
    theirs.write_all(b"unread")?;
    driver.until_ready(KEY, Readiness::READ)?;
    second.until_ready(OTHER, Readiness::READ)?;
    second.unwatch(&ours, OTHER)?;
    assert!(second.linger()?.is_empty());
    driver.until_ready(KEY, Readiness::READ)?;
    drop(second);
    let batch = driver.until_ready(KEY, Readiness::READ)?;
    assert_eq!(batch.of(OTHER), Readiness::empty());
    Ok(())
}

fn dropping_ends_with_a_job_in_flight(context: &Context) -> Outcome {
    const SIZE: u64 = 1 << 20;
    let mut driver = Driver::new(context)?;
    let (mut ours, mut theirs) = sockets::pair()?;
    let file = files::file(&files::content(1 << 20))?;
    sockets::fill(&mut ours)?;
    let answer = driver.start_sending(KEY, &ours, &file, Stretch::new(0, SIZE))?;
    context.doing(format!("dropping a backend after {answer:?}"));
    drop(driver);
    theirs.set_nonblocking(true)?;
    context.doing("writing once there is room again");
    loop {
        sockets::drain(&mut theirs)?;
        match ours.write(b"last") {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            other => return other.map(drop).map_err(Into::into),
        }
    }
}
