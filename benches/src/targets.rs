//! What loopline must reach, and over which workloads.

use crate::workload::Workload;

/// CPU time of loopline over that of the bare loop, at most, where a workload
/// has a target.
pub(crate) const CPU_RATIO: f64 = 1.05;

/// System calls a request on one connection: wait, read, write.
pub(crate) const SYSTEM_CALLS: f64 = 3.0;

/// User instructions a request on one connection.
pub(crate) const USER_INSTRUCTIONS: f64 = 400.0;

/// Allocations between request 10,000 and request 20,000.
pub(crate) const ALLOCATIONS: u64 = 0;

/// Bytes on the heap for an idle connection, its user's protocol included.
pub(crate) const IDLE_BYTES: u64 = 700;

/// The echo that everything is counted on.
pub(crate) const ECHO: Workload = Workload::Echo {
    size: 64,
    connections: 1,
};

/// Every workload, and whether [`CPU_RATIO`] is its target or its ratio is for
/// information.
pub(crate) const WORKLOADS: [(Workload, bool); 6] = [
    (Workload::File { size: 64 << 20 }, true),
    (Workload::File { size: 64 << 10 }, false),
    (Workload::File { size: 4 << 10 }, false),
    (
        Workload::Echo {
            size: 64,
            connections: 64,
        },
        true,
    ),
    (ECHO, false),
    (
        Workload::Echo {
            size: 16 << 10,
            connections: 1,
        },
        false,
    ),
];
