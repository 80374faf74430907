//! The areas that the lines are numbered in.

/// One area: its lines are a letter and the numbers from 1.
pub(super) struct Area {
    pub(super) letter: &'static str,
    pub(super) title: &'static str,
    /// The layer that has the letter to itself; the other areas share theirs.
    pub(super) layer: Option<&'static str>,
    /// The last line of each part, and what the part is about.
    pub(super) parts: &'static [(u16, &'static str)],
    /// The lines that go beyond what an event loop of this kind has to do to
    /// deserve the name.
    pub(super) beyond: &'static [u16],
}

impl Area {
    pub(super) fn lines(&self) -> u16 {
        self.parts.last().map_or(0, |(last, _)| *last)
    }

    pub(super) fn holds(&self, layer: &str, letter: &str) -> bool {
        self.letter == letter && self.layer.is_none_or(|own| own == layer)
    }
}

/// Every area. A layer's own come before those of the same letter.
pub(super) const AREAS: &[Area] = &[
    Area {
        letter: "B",
        title: "The contract of a backend",
        layer: Some("backend"),
        parts: &[(16, "The clauses of `Backend`")],
        beyond: &[15, 16],
    },
    Area {
        letter: "T",
        title: "The contract of a TLS coder",
        layer: None,
        parts: &[(9, "The clauses of `Coder`")],
        beyond: &[],
    },
    Area {
        letter: "A",
        title: "sendfile",
        layer: None,
        parts: &[
            (21, "What is checked first"),
            (32, "Which bytes are sent"),
            (39, "The position of the file afterwards"),
            (49, "In order with ordinary writes"),
            (60, "Reading, flow control and the protocol meanwhile"),
            (72, "Failures and cancelling"),
            (82, "TransmitFile, on Windows"),
        ],
        beyond: &[
            15, 20, 21, 32, 39, 49, 55, 58, 59, 60, 70, 71, 72, 79, 80, 81, 82,
        ],
    },
    Area {
        letter: "B",
        title: "start_tls, and what a coder has to agree on",
        layer: None,
        parts: &[
            (11, "Arguments"),
            (36, "The upgrade"),
            (50, "Who is told how the handshake ended"),
            (67, "Data and flow control"),
            (92, "Closing, ends and truncation"),
            (104, "Back to plaintext"),
        ],
        beyond: &[
            11, 34, 35, 36, 65, 66, 67, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99,
            100, 101, 102, 103, 104,
        ],
    },
    Area {
        letter: "C",
        title: "add_reader and add_writer",
        layer: None,
        parts: &[(52, "Watching descriptors")],
        beyond: &[33, 40, 42, 43, 44, 45, 49, 50, 51, 52],
    },
    Area {
        letter: "D",
        title: "Transports and protocols",
        layer: None,
        parts: &[
            (15, "From beginning to end"),
            (33, "Reading"),
            (61, "Writing"),
            (66, "Accepting"),
        ],
        beyond: &[32, 33, 60, 61],
    },
    Area {
        letter: "E",
        title: "The loop, connections and servers",
        layer: None,
        parts: &[(42, "The loop, connections and servers")],
        beyond: &[
            1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
            25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42,
        ],
    },
];
