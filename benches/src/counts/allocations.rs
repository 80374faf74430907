//! Allocations in steady state.

use crate::stage::{Stage, SubjectKind};
use crate::workload::Workload;
use crate::{Fallible, heap};

/// How many allocations loopline makes between request 10,000 and request
/// 20,000 (or the next multiple of the connections).
pub(crate) fn allocations(workload: Workload) -> Fallible<u64> {
    let requests = 10_000_u64.next_multiple_of(workload.connections() as u64);
    let mut stage = Stage::set(SubjectKind::Ours, workload)?;
    stage.serve(requests)?;
    let before = heap::allocations();
    stage.serve(requests)?;
    Ok(heap::allocations() - before)
}
