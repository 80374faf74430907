//! Lines that no case checks, and why.

use crate::case::LeftOut;

pub(super) const LINES: &[LeftOut] = &[
    LeftOut {
        line: "B1",
        why: "A context and a transport are of types of their own: nothing else can be given.",
    },
    LeftOut {
        line: "B11",
        why: "An option holds a context or nothing: no value would only say yes.",
    },
    LeftOut {
        line: "B16",
        why: "It is about the order of two callbacks of asyncio's own; what it is for is what B15 and B28 check.",
    },
    LeftOut {
        line: "B37",
        why: "A future is ready once; that nothing follows a failure is what B45 checks.",
    },
    LeftOut {
        line: "B50",
        why: "Nobody has the new connection before its handshake is done, so nobody can write to it.",
    },
    LeftOut {
        line: "B67",
        why: "It is a figure; the benchmarks measure what an idle connection costs.",
    },
    LeftOut {
        line: "B70",
        why: "The states are the implementation's own; what each of them lets through is what the other cases check.",
    },
    LeftOut {
        line: "B88",
        why: "It is what running this layer for each coder means.",
    },
    LeftOut {
        line: "B90",
        why: "No connection hands its keys to a kernel yet.",
    },
    LeftOut {
        line: "B91",
        why: "No connection hands its keys to a kernel yet.",
    },
];
