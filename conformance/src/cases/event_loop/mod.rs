//! What a loop runs, and when.

mod closing;
mod executor;
mod intervals;
mod order;
mod panicking_protocols;
mod panics;
mod remote;
mod running;
mod signals;
mod sockets;
mod tasks;
mod timers;
mod virtual_time;

use crate::case::{Layer, LeftOut, Per};

pub(super) const LAYER: Layer = Layer {
    name: "event_loop",
    per: Per::Subject,
    sockets: false,
    tables: &[
        order::CASES,
        timers::CASES,
        virtual_time::CASES,
        running::CASES,
        panics::CASES,
        panicking_protocols::CASES,
        remote::CASES,
        tasks::CASES,
        closing::CASES,
        sockets::CASES,
        executor::CASES,
        signals::CASES,
        intervals::CASES,
    ],
    left_out: &[
        left_out("E38", "The loop has no datagram transports."),
        left_out(
            "E42",
            "It is the suite's own watchdog, which the tests of the suite check.",
        ),
    ],
};

const fn left_out(line: &'static str, why: &'static str) -> LeftOut {
    LeftOut { line, why }
}
