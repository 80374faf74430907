//! Panics that cases cause, and the runs that they leave.

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};

use loopline_core::{EventLoop, running_loop};

use super::scene::Scene;
use crate::verdict::{Outcome, Stop};

/// What the panics of these cases carry.
#[derive(PartialEq, Eq)]
struct OnPurpose;

/// Runs something that panics.
pub(crate) fn panics(run: impl FnOnce()) -> Outcome {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(()) => Err(Stop::failed("there was no panic")),
        Err(payload) if payload.downcast_ref() == Some(&OnPurpose) => Ok(()),
        // A panic that nobody wanted is the case's own.
        Err(payload) => resume_unwind(payload),
    }
}

/// Runs the loop until something in it panics.
pub(crate) fn run_panics(scene: &Scene<'_>) -> Outcome {
    panics(|| {
        let _ = scene.run_forever();
    })?;
    assert!(!scene.is_running());
    assert!(running_loop().is_none());
    Ok(())
}

/// Panics.
pub(crate) fn fail() {
    panic_any(OnPurpose);
}
