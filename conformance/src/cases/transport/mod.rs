//! Connections: callbacks, reading, writing, ending.

mod buffered;
mod closing;
mod end_of_stream;
mod faults;
mod info;
mod lifecycle;
mod marks;
mod pausing;
mod pipe_writing;
mod pipes;
mod reading;
mod reentrancy;
mod write_eof;
mod writing;

use crate::case::{Layer, LeftOut, Per};

pub(super) const LAYER: Layer = Layer {
    name: "transport",
    per: Per::Subject,
    sockets: true,
    tables: &[
        lifecycle::CASES,
        faults::CASES,
        reading::CASES,
        end_of_stream::CASES,
        buffered::CASES,
        writing::CASES,
        write_eof::CASES,
        pausing::CASES,
        marks::CASES,
        closing::CASES,
        info::CASES,
        reentrancy::CASES,
        pipes::CASES,
        pipe_writing::CASES,
    ],
    left_out: LEFT_OUT,
};

const LEFT_OUT: &[LeftOut] = &[
    LeftOut {
        line: "D41",
        why: "A slice of bytes has no other unit.",
    },
    LeftOut {
        line: "D61",
        why: "It is about Windows' completion ports.",
    },
];
