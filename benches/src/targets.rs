//! What loopline must reach, and over which workloads.

use crate::workload::Workload;

/// CPU time of loopline over that of the bare loop, at most.
const CPU_RATIO: f64 = 1.05;

/// The same over TLS.
const TLS_CPU_RATIO: f64 = 1.10;

/// CPU time of a stream over that of a protocol that does the same.
const STREAM_CPU_RATIO: f64 = 1.10;

/// System calls a request on one connection: wait, read, write.
pub(crate) const SYSTEM_CALLS: f64 = 3.0;

/// User instructions a request on one connection.
pub(crate) const USER_INSTRUCTIONS: f64 = 400.0;

/// Allocations between request 10,000 and request 20,000; over TLS, beyond those
/// of the bare loop, which are the library's.
pub(crate) const ALLOCATIONS: u64 = 0;

/// Bytes on the heap for an idle connection, its user's protocol included; over
/// TLS, beyond those of the library's connection.
pub(crate) const IDLE_BYTES: u64 = 700;

/// The echo that everything is counted on.
pub(crate) const ECHO: Workload = Workload::Echo {
    size: 64,
    connections: 1,
};

/// The echo that is counted over TLS.
pub(crate) const TLS_ECHO: Workload = Workload::TlsEcho { size: 64 };

/// Every workload, and the ratio that is its target, if its ratio is not for
/// information.
pub(crate) const WORKLOADS: [(Workload, Option<f64>); 15] = [
    (Workload::File { size: 64 << 20 }, Some(CPU_RATIO)),
    (Workload::File { size: 64 << 10 }, None),
    (Workload::File { size: 4 << 10 }, None),
    (
        Workload::Echo {
            size: 64,
            connections: 64,
        },
        Some(CPU_RATIO),
    ),
    (ECHO, None),
    (
        Workload::Echo {
            size: 16 << 10,
            connections: 1,
        },
        None,
    ),
    (
        Workload::StreamEcho {
            size: 64,
            connections: 64,
        },
        Some(STREAM_CPU_RATIO),
    ),
    (
        Workload::StreamEcho {
            size: 64,
            connections: 1,
        },
        Some(STREAM_CPU_RATIO),
    ),
    (
        Workload::StreamEcho {
            size: 16 << 10,
            connections: 1,
        },
        Some(STREAM_CPU_RATIO),
    ),
    (TLS_ECHO, Some(TLS_CPU_RATIO)),
    (Workload::TlsEcho { size: 16 << 10 }, Some(TLS_CPU_RATIO)),
    (Workload::TlsFile { size: 64 << 10 }, Some(TLS_CPU_RATIO)),
    (Workload::TlsFile { size: 1 << 20 }, Some(TLS_CPU_RATIO)),
    (Workload::Handshakes { resumed: false }, Some(TLS_CPU_RATIO)),
    (Workload::Handshakes { resumed: true }, Some(TLS_CPU_RATIO)),
];
