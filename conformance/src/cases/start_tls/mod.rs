//! A connection upgraded to TLS, over the backend and by the coder of the
//! subject. The loop is one side; the other is a raw socket and a coder in the
//! hands of the case, which says how the bytes are cut.

mod abandoned;
mod arguments;
mod buffered;
mod closing;
mod data;
mod ending;
mod failing;
mod files;
mod flow;
mod joining;
mod left_out;
mod options;
mod refusing;
mod rejected;
mod serving;
mod shutdown_timeout;
mod stop_carrying;
mod stop_failing;
mod stopping;
mod streams;
mod unconsumed;
mod upgrading;

use crate::case::{Layer, Per};
use crate::harness::tls::peer::Peer;

pub(super) const LAYER: Layer = Layer {
    name: "start_tls",
    per: Per::SubjectAndCoder,
    sockets: true,
    tables: &[
        arguments::CASES,
        upgrading::CASES,
        refusing::CASES,
        failing::CASES,
        rejected::CASES,
        data::CASES,
        unconsumed::CASES,
        buffered::CASES,
        flow::CASES,
        joining::CASES,
        closing::CASES,
        shutdown_timeout::CASES,
        abandoned::CASES,
        ending::CASES,
        stopping::CASES,
        stop_carrying::CASES,
        stop_failing::CASES,
        options::CASES,
        serving::CASES,
        files::CASES,
        streams::CASES,
    ],
    left_out: left_out::LINES,
};
