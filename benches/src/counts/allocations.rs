//! Allocations in steady state.

use crate::Fallible;
use crate::process::Contestant;
use crate::subject::SubjectKind;
use crate::workload::Workload;

/// How many allocations of Rust's a subject makes for each request between
/// request 10,000 and request 20,000 (or the next multiple of the connections).
/// What OpenSSL allocates by itself is not among them.
pub(crate) fn allocations(kind: SubjectKind, workload: Workload) -> Fallible<f64> {
    let requests = 10_000_u64.next_multiple_of(workload.round());
    let mut contestant = Contestant::start(kind, workload)?;
    contestant.serve(requests)?;
    let taken = contestant.serve(requests)?;
    Ok(taken.allocations as f64 / requests as f64)
}
