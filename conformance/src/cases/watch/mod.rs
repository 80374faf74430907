//! Watching descriptors of the user.

mod callbacks;
mod kinds;
mod level;
mod numbers;
mod order;
mod owned;
mod ownership;
mod removal;
mod sockets;

use crate::case::{Layer, LeftOut, Per};

const BARE_NUMBERS: &str =
    "A descriptor is borrowed by its owner: numbers, negative or closed ones, cannot be named.";
const ONE_THREAD: &str = "A loop and its handles are not Send: the types keep them on one thread.";
const WINDOWS: &str = "It describes asyncio's loops for Windows, which this loop does not copy.";

pub(super) const LAYER: Layer = Layer {
    name: "watch",
    per: Per::Subject,
    sockets: true,
    tables: &[
        level::CASES,
        callbacks::CASES,
        removal::CASES,
        order::CASES,
        ownership::CASES,
        numbers::CASES,
        kinds::CASES,
        owned::CASES,
        sockets::CASES,
    ],
    left_out: &[
        left_out("C3", "The calls return nothing that could be dropped."),
        left_out("C15", BARE_NUMBERS),
        left_out("C16", BARE_NUMBERS),
        left_out("C17", BARE_NUMBERS),
        left_out(
            "C35",
            "There is no context to capture beside what a closure holds.",
        ),
        left_out("C36", ONE_THREAD),
        left_out("C37", ONE_THREAD),
        left_out("C46", WINDOWS),
        left_out("C47", WINDOWS),
        left_out(
            "C48",
            "It is line C1 on a backend that emulates, where the cases of C1 run too.",
        ),
        left_out(
            "C49",
            "It is clauses B1, B2 and B4, which the layer of backends checks.",
        ),
        left_out(
            "C51",
            "Safe Rust cannot fork; that a child inherits nothing is clause B13.",
        ),
    ],
};

const fn left_out(line: &'static str, why: &'static str) -> LeftOut {
    LeftOut { line, why }
}
