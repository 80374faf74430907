//! B11: jobs that the kernel works on.

use loopline_core::backend::{Key, Sent};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::driver::{Driver, Stretch};
use crate::harness::files;
use crate::harness::sockets::{self, Reader};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B11,
        cancelling_nothing_does_nothing,
        "Cancelling without a job brings no event."
    )
    .anywhere(),
    case!(
        B11,
        a_job_is_done_once,
        "A job in flight brings one Done, with what left, and there is none unless declared."
    )
    .needs(Need::COMPLETES)
    .otherwise(nothing_is_in_flight),
    case!(
        B11,
        a_cancelled_job_is_done_once,
        "A cancelled job brings one Done."
    )
    .needs(Need::COMPLETES),
    case!(
        B11,
        a_job_outlives_the_callers_handles,
        "A job goes on though the caller closes the file and the socket."
    )
    .needs(Need::COMPLETES),
];

const KEY: Key = Key::new(7, 3);
const SIZE: u64 = 4 << 20;

fn nothing_is_in_flight(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (mut ours, _theirs) = sockets::pair()?;
    let file = files::file(&files::content(1000))?;
    let idle = driver.start_sending(KEY, &ours, &file, Stretch::new(0, 1000));
    sockets::fill(&mut ours)?;
    let full = driver.start_sending(KEY, &ours, &file, Stretch::new(0, 1000));
    for answer in [idle, full] {
        assert!(!matches!(answer, Ok(Sent::InFlight)), "{answer:?}");
    }
    assert!(driver.linger()?.done.is_empty());
    Ok(())
}

fn cancelling_nothing_does_nothing(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    driver.backend.cancel(KEY);
    assert!(driver.linger()?.is_empty());
    Ok(())
}

fn a_job_is_done_once(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, theirs) = sockets::pair()?;
    let content = files::content(SIZE as usize);
    let file = files::file(&content)?;
    let sent = match driver.start_sending(KEY, &ours, &file, Stretch::new(0, SIZE))? {
        Sent::InFlight => {
            let reader = Reader::of(theirs);
            let sent = driver.until_done(KEY)?;
            drop(ours);
            assert!(
                reader.bytes()? == content[..sent as usize],
                "other bytes arrived"
            );
            sent
        }
        Sent::Bytes(sent) => sent,
        Sent::NotReady => 0,
    };
    assert!(sent <= SIZE);
    assert!(driver.linger()?.done.is_empty(), "a job is done twice");
    Ok(())
}

fn a_cancelled_job_is_done_once(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (mut ours, _theirs) = sockets::pair()?;
    let file = files::file(&files::content(SIZE as usize))?;
    sockets::fill(&mut ours)?;
    if driver.start_sending(KEY, &ours, &file, Stretch::new(0, SIZE))? == Sent::InFlight {
        driver.backend.cancel(KEY);
        driver.backend.cancel(KEY);
        // With an error, or with what had left until then.
        if let Ok(sent) = driver.until_done(KEY) {
            assert!(sent <= SIZE);
        }
    }
    driver.backend.cancel(KEY);
    assert!(driver.linger()?.done.is_empty(), "a job is done twice");
    Ok(())
}

fn a_job_outlives_the_callers_handles(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, theirs) = sockets::pair()?;
    let content = files::content(SIZE as usize);
    let file = files::file(&content)?;
    let answer = driver.start_sending(KEY, &ours, &file, Stretch::new(0, SIZE))?;
    drop(file);
    drop(ours);
    // These get the handles that are free now, if those are free.
    let _decoy = (files::file(&vec![0; SIZE as usize])?, sockets::pair()?);
    let reader = Reader::of(theirs);
    if answer == Sent::InFlight {
        let sent = driver.until_done(KEY)?;
        let arrived = reader.bytes()?;
        assert_eq!(arrived.len() as u64, sent);
        assert!(
            content.starts_with(&arrived),
            "other bytes than the file's arrived"
        );
    }
    Ok(())
}
