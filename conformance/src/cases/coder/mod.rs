//! The contract of a TLS coder, T1 to T9, and what it has to agree on and to
//! refuse. No case has a loop: a client and a server are two machines here.

mod agreement;
mod certificates;
mod ending;
mod flights;
mod floods;
mod hostile;
mod input;
mod sending;

use crate::case::{Layer, Per};

pub(super) const LAYER: Layer = Layer {
    name: "coder",
    per: Per::Pair,
    sockets: false,
    tables: &[
        input::CASES,
        ending::CASES,
        sending::CASES,
        agreement::CASES,
        certificates::CASES,
        hostile::CASES,
        flights::CASES,
        floods::CASES,
    ],
    left_out: &[],
};
