//! What several loops do beside one.

use super::Brief;
use crate::Fallible;
use crate::options::Choice;
use crate::rounds::compare;
use crate::subject::SubjectKind;
use crate::workload::Workload;

/// Prints the table: the same echo by one loop, and by one for each core. Client
/// and loops share the cores, so that two of them cannot show much.
pub(super) fn print(choice: &Choice) -> Fallible<()> {
    println!();
    println!("| echo 64 B, 64 connections | CPU time | wall time | CPU, of one loop's |");
    println!("|---|---:|---:|---:|");
    let cores = std::thread::available_parallelism()?.get();
    let workloads = [1, cores.max(2)].map(|loops| Workload::Spread { loops });
    let entries = workloads.map(|of| (SubjectKind::Ours, of, of.turn(choice.effort)));
    let figures = compare(&entries, choice.rounds)?;
    for (workload, found) in workloads.iter().zip(&figures) {
        println!(
            "| {workload} | {} | {} | {:.3} |",
            Brief(found.cpu),
            Brief(found.wall),
            found.ratio(),
        );
    }
    Ok(())
}
