//! Connecting, listening, accepting, and ending a server.

mod accepting;
mod connecting;
mod listening;
mod racing;
mod serving;
mod taken_over;
mod unix_path;

use crate::case::{Layer, LeftOut, Per};

pub(super) const LAYER: Layer = Layer {
    name: "server",
    per: Per::Subject,
    sockets: true,
    tables: &[
        connecting::CASES,
        racing::CASES,
        taken_over::CASES,
        listening::CASES,
        serving::CASES,
        unix_path::CASES,
        accepting::CASES,
    ],
    left_out: &[LeftOut {
        line: "D66",
        why: "Listeners are watched on every backend: no accept is ever pending.",
    }],
};
