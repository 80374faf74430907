//! Allocations in steady state.

use crate::stage::{Stage, SubjectKind};
use crate::workload::Workload;
use crate::{Fallible, sys::heap};

/// How many allocations a subject makes between request 10,000 and request
/// 20,000 (or the next multiple of the connections).
pub(crate) fn allocations(kind: SubjectKind, workload: Workload) -> Fallible<u64> {
    let requests = 10_000_u64.next_multiple_of(workload.round());
    let mut stage = Stage::set(kind, workload)?;
    stage.serve(requests)?;
    let before = heap::allocations();
    stage.serve(requests)?;
    Ok(heap::allocations() - before)
}
