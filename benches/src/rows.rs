//! What loopline must reach, and over which workloads.

use crate::subject::SubjectKind;
use crate::workload::{Library, Over, Workload};

/// One workload, with what is known of it.
pub(crate) struct Row {
    pub(crate) workload: Workload,
    pub(crate) target: Option<Target>,
    /// Ratios of others to a bare loop, measured elsewhere: where they differ
    /// from what is found here, the bare loop is not what it should be.
    pub(crate) known: &'static [(SubjectKind, f64)],
}

/// What loopline's ratio to the bare loop, or to tokio where there is none, may be at most.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    Ratio(f64),
    /// What the turns of the bare loop itself differ by.
    Spread,
}

impl Row {
    const fn new(workload: Workload, target: f64) -> Self {
        Self {
            workload,
            target: Some(Target::Ratio(target)),
            known: &[],
        }
    }

    const fn within_spread(workload: Workload) -> Self {
        Self {
            workload,
            target: Some(Target::Spread),
            known: &[],
        }
    }

    const fn for_information(workload: Workload) -> Self {
        Self {
            workload,
            target: None,
            known: &[],
        }
    }

    const fn known(mut self, known: &'static [(SubjectKind, f64)]) -> Self {
        self.known = known;
        self
    }
}

/// The echo that is counted on one connection.
pub(crate) const ECHO: Workload = Workload::echo(Over::Plain, 64, 1);

/// The small file that is counted.
pub(crate) const SMALL_FILE: Workload = Workload::file(Over::Plain, KIB4 as u64, 64);

const KIB4: usize = 4 << 10;
const KIB16: usize = 16 << 10;
const KIB64: u64 = 64 << 10;
const MIB: u64 = 1 << 20;

const fn watch(descriptors: usize, active: usize) -> Workload {
    Workload::Watch {
        descriptors,
        active,
    }
}

const fn handshake(library: Library, resumed: bool) -> Workload {
    Workload::Handshakes { library, resumed }
}

/// Every workload that is timed.
pub(crate) const ROWS: &[Row] = {
    use SubjectKind::{Mio, Tokio};
    &[
        Row::new(ECHO, 1.08).known(&[(Mio, 1.00), (Tokio, 1.13)]),
        Row::new(Workload::echo(Over::Plain, 64, 64), 1.02).known(&[(Mio, 1.01), (Tokio, 1.02)]),
        Row::new(Workload::echo(Over::Plain, 64, 1000), 1.05),
        Row::new(Workload::echo(Over::Plain, KIB16, 64), 1.02),
        Row::new(Workload::Connect, 1.05).known(&[(Mio, 1.03), (Tokio, 1.11)]),
        Row::new(SMALL_FILE, 1.10).known(&[(Mio, 1.05), (Tokio, 1.11)]),
        Row::new(Workload::file(Over::Plain, KIB64, 64), 1.03).known(&[(Mio, 1.01), (Tokio, 1.03)]),
        Row::within_spread(Workload::file(Over::Plain, MIB, 1)),
        Row::within_spread(Workload::file(Over::Plain, 64 * MIB, 1)),
        Row::new(Workload::echo(Over::Rustls, 64, 64), 1.05),
        Row::new(Workload::echo(Over::Rustls, KIB16, 64), 1.08)
            .known(&[(Mio, 1.25), (Tokio, 1.29)]),
        Row::new(Workload::file(Over::Rustls, KIB64, 64), 1.03)
            .known(&[(Mio, 0.98), (Tokio, 1.35)]),
        Row::new(Workload::file(Over::Rustls, MIB, 1), 1.03),
        Row::new(handshake(Library::Rustls, false), 1.03).known(&[(Mio, 0.99), (Tokio, 1.06)]),
        Row::new(handshake(Library::Rustls, true), 1.03),
        Row::new(Workload::echo(Over::Openssl, 64, 64), 1.05),
        Row::new(Workload::echo(Over::Openssl, KIB16, 64), 1.05),
        Row::new(Workload::file(Over::Openssl, KIB64, 64), 1.05),
        Row::new(Workload::file(Over::Openssl, MIB, 1), 1.05),
        Row::new(handshake(Library::Openssl, false), 1.05),
        Row::new(handshake(Library::Openssl, true), 1.05),
        Row::new(Workload::http(Over::Plain, 64), 1.03),
        Row::new(Workload::http(Over::Rustls, 64), 1.03),
        Row::new(Workload::http(Over::Openssl, 64), 1.03),
        Row::for_information(watch(1, 1)),
        Row::new(watch(1_000, 1), 1.10).known(&[(Mio, 0.95), (Tokio, 1.74)]),
        Row::new(watch(1_000, 100), 1.05),
        Row::new(watch(1_000, 1_000), 1.03),
        Row::new(watch(10_000, 1), 1.10),
        Row::new(watch(10_000, 100), 1.05),
        Row::new(watch(10_000, 10_000), 1.03),
        Row::new(Workload::FireTimers { timers: 1_000_000 }, 0.90),
        Row::new(Workload::CancelTimers { timers: 1_000_000 }, 2.0),
        Row::new(Workload::CallSoon, 1.10),
        Row::new(Workload::CallSoonThreadsafe, 0.95),
        Row::new(Workload::Wake, 1.05),
    ]
};
