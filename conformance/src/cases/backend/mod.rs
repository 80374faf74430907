//! The contract of a backend, clause by clause.

mod clock;
mod descriptors;
mod drop;
mod hang_up;
mod in_flight;
mod interruption;
mod keys;
mod level;
mod network;
mod network_ending;
mod read_file;
mod refusal;
mod registration;
mod send_file;
mod send_file_refusal;
mod timeout;
mod unwatch;
mod wake;

use crate::case::{Layer, Per};

pub(super) const LAYER: Layer = Layer {
    name: "backend",
    per: Per::Subject,
    sockets: true,
    tables: &[
        level::CASES,
        hang_up::CASES,
        keys::CASES,
        registration::CASES,
        unwatch::CASES,
        refusal::CASES,
        timeout::CASES,
        interruption::CASES,
        wake::CASES,
        send_file::CASES,
        send_file_refusal::CASES,
        in_flight::CASES,
        drop::CASES,
        descriptors::CASES,
        read_file::CASES,
        clock::CASES,
        network::CASES,
        network_ending::CASES,
    ],
    left_out: &[],
};
