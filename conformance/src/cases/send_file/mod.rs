//! Sending files.

mod calls;
mod cancel;
mod closing;
mod failure;
mod guard;
mod left_out;
mod meanwhile;
mod progress;
mod range;
mod socket;
mod special;
mod turns;
mod validation;

use crate::case::{Layer, Per};

pub(super) const LAYER: Layer = Layer {
    name: "send_file",
    per: Per::Subject,
    tables: &[
        validation::CASES,
        special::CASES,
        range::CASES,
        meanwhile::CASES,
        guard::CASES,
        cancel::CASES,
        failure::CASES,
        closing::CASES,
        progress::CASES,
        turns::CASES,
        calls::CASES,
        socket::CASES,
    ],
    left_out: left_out::LINES,
};
