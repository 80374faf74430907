//! What the lines say that have no case whose sentence would say it.

/// Lines, and what they say.
pub(super) const UNCHECKED: &[(&str, &str)] = &[
    ("A8", "A count is a positive number."),
    ("A11", "The file is a binary one."),
    ("A19", "A socket that does TLS by itself is refused."),
    (
        "A38",
        "After a failure on Windows the position counts what the completion reported.",
    ),
    (
        "A39",
        "Over TLS, sent means taken over by the transport, and not received.",
    ),
    (
        "A71",
        "Bytes that a system reports together with an error are counted.",
    ),
    ("A73", "One call sends at most 2^31 - 2 bytes."),
    (
        "A74",
        "The end is fixed at the start, and lies within the file.",
    ),
    (
        "A75",
        "A length of zero, which means the whole file there, is never asked for.",
    ),
    (
        "A76",
        "An offset that is not zero holds for an ordinary handle too.",
    ),
    ("A77", "What counts as sent is what the completion reports."),
    (
        "A78",
        "A connection that is cut while sending is one that was reset.",
    ),
    (
        "A79",
        "Handles live until a cancelled job has reported its end.",
    ),
    (
        "A80",
        "The file stays open while it is sent, whatever its owner does.",
    ),
    (
        "A81",
        "The position is set afterwards, since sending does not move it.",
    ),
    (
        "A82",
        "Writing is refused and reading paused, as on other systems.",
    ),
    (
        "B1",
        "A context of another type is refused before the transport is looked at.",
    ),
    (
        "B11",
        "A server wants a context; a client may ask for one that verifies.",
    ),
    (
        "B16",
        "The protocol is connected before reading goes on, and neither happens if the caller gave up.",
    ),
    (
        "B37",
        "The caller is woken once, and what follows is ignored.",
    ),
    (
        "B50",
        "What is written before the handshake is done is sent after it.",
    ),
    ("B67", "An idle connection keeps no large buffer."),
    ("B70", "A connection goes through its states in one order."),
    (
        "B88",
        "All of this holds for every coder, by the class of its errors.",
    ),
    (
        "B90",
        "A kernel that encrypts may send files over TLS, where everything allows it.",
    ),
    (
        "B91",
        "With a kernel that encrypts, what is no data still goes through the coder.",
    ),
    (
        "C3",
        "Nothing that watching returns unwatches by being dropped.",
    ),
    (
        "C15",
        "A source is known by its number, whatever object names it.",
    ),
    ("C16", "What is no descriptor is refused."),
    (
        "C17",
        "A number that is not open cannot be watched; unwatching it answers false.",
    ),
    (
        "C35",
        "A callback runs in the context in which it was registered.",
    ),
    ("C36", "Watching is for the thread of the loop."),
    (
        "C37",
        "Watching from another thread would not wake the loop.",
    ),
    (
        "C46",
        "A loop on select(2) of Windows watches sockets alone, and knows failed connects.",
    ),
    ("C47", "A loop on completion ports watches sockets."),
    (
        "C48",
        "A backend that has to arm anew each time is level-triggered all the same.",
    ),
    (
        "C49",
        "Both directions are watched apart; the end of a stream is readiness.",
    ),
    (
        "C51",
        "A child process does not share what its parent watches.",
    ),
    ("D41", "Sizes are counted in bytes."),
    (
        "D61",
        "Closing gracefully on Windows shuts both directions first.",
    ),
    (
        "D66",
        "An accept that fails on completion ports closes the listener; a pending one ends with the server.",
    ),
    ("E38", "A datagram to nobody does not end receiving."),
    ("E42", "No wait of the suite is without a limit."),
];
