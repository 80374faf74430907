//! Lines that no case checks, and why.

use crate::case::LeftOut;

const TLS: &str = "It is about TLS alone: the layer start_tls has a case of it.";
const COMPLETION: &str = "It is about how TransmitFile is called; what comes of it is what the other cases check on a backend that completes.";

pub(super) const LINES: &[LeftOut] = &[
    LeftOut {
        line: "A6",
        why: TLS,
    },
    LeftOut {
        line: "A8",
        why: "A count is an unsigned number, so only zero can be wrong about it, which A9 checks.",
    },
    LeftOut {
        line: "A10",
        why: TLS,
    },
    LeftOut {
        line: "A11",
        why: "A file has no text mode.",
    },
    LeftOut {
        line: "A19",
        why: "A blocking socket that does TLS itself has no descriptor to name as a source.",
    },
    LeftOut {
        line: "A38",
        why: COMPLETION,
    },
    LeftOut {
        line: "A39",
        why: "It says how a count over TLS is to be read, which is documented.",
    },
    LeftOut {
        line: "A71",
        why: "It is about systems that report bytes together with an error: a backend's own tests script such answers.",
    },
    LeftOut {
        line: "A73",
        why: COMPLETION,
    },
    LeftOut {
        line: "A74",
        why: COMPLETION,
    },
    LeftOut {
        line: "A75",
        why: COMPLETION,
    },
    LeftOut {
        line: "A76",
        why: COMPLETION,
    },
    LeftOut {
        line: "A77",
        why: COMPLETION,
    },
    LeftOut {
        line: "A78",
        why: COMPLETION,
    },
    LeftOut {
        line: "A79",
        why: COMPLETION,
    },
    LeftOut {
        line: "A80",
        why: COMPLETION,
    },
    LeftOut {
        line: "A81",
        why: COMPLETION,
    },
    LeftOut {
        line: "A82",
        why: COMPLETION,
    },
];
