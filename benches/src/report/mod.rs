//! The tables, and whether every target is met.

mod conditions;
mod cores;
mod counted;
mod growth;
mod memory;

use std::fmt;
use std::time::Duration;

use crate::Fallible;
use crate::options::{CORES, COUNTS, Choice, GROWTH, IDLE_MEMORY};
use crate::rounds::{Figures, compare};
use crate::rows::{ROWS, Row, Target};
use crate::subject::SubjectKind;
use crate::workload::{Effort, Workload};
use conditions::Conditions;

/// CPU time of a stream over that of a protocol that does the same, at most.
const STREAMS: f64 = 1.10;

/// Prints everything that was chosen; answers whether the targets are met.
pub(crate) fn verdict(choice: &Choice) -> Fallible<bool> {
    let mut conditions = Conditions::default();
    let times_met = times(choice, &mut conditions)?;
    let mut met = true;
    if choice.has_group(COUNTS) {
        met &= counted::print(choice, &mut conditions)?;
    }
    if choice.has_group(IDLE_MEMORY) {
        met &= memory::print(choice)?;
    }
    if choice.has_group(GROWTH) {
        growth::print(choice)?;
    }
    if choice.has_group(CORES) {
        cores::print(choice)?;
    }
    conditions.print();
    // Turns that short say nothing of five per cent.
    Ok(met && (times_met || choice.effort == Effort::Quick))
}

fn times(choice: &Choice, conditions: &mut Conditions) -> Fallible<bool> {
    let mut met = true;
    let mut begun = false;
    for row in ROWS.iter().filter(|row| choice.has(row.workload)) {
        if !begun {
            println!("| work | by | CPU time | wall time | ratio | middle half | target | |");
            println!("|---|---|---:|---:|---:|---|---|---|");
            begun = true;
        }
        let workload = match choice.effort {
            Effort::Full => row.workload,
            Effort::Quick => row.workload.in_brief(),
        };
        let requests = workload.turn(choice.effort);
        let subjects = choice.subjects(workload);
        let entries: Vec<_> = subjects
            .into_iter()
            .map(|kind| (kind, workload, requests))
            .collect();
        let figures = compare(&entries, choice.rounds)?;
        met &= print_row(row, workload, &figures);
        conditions.note_ratios(row, &figures);
    }
    Ok(met)
}

fn print_row(row: &Row, workload: Workload, figures: &[Figures]) -> bool {
    let mut met = true;
    let limit = row.target.map(|target| match target {
        Target::Ratio(limit) => limit,
        Target::Spread => figures[0].middle_half().1.max(1.0),
    });
    let mut of_protocol = None;
    for found in figures {
        let (low, high) = found.middle_half();
        let limit = match found.kind {
            SubjectKind::Ours => {
                of_protocol = Some(found.ratio());
                limit
            }
            SubjectKind::Streams => of_protocol.map(|ratio| ratio * STREAMS),
            _ => None,
        };
        let (limit, word) = match limit {
            Some(limit) => {
                let reached = found.ratio() <= limit;
                met &= reached;
                (format!("<= {limit:.2}"), met_or_missed(reached))
            }
            None => (String::new(), ""),
        };
        println!(
            "| {workload} | {} | {} | {} | {:.3} | {low:.3} to {high:.3} | {limit} | {word} |",
            found.kind,
            Brief(found.cpu),
            Brief(found.wall),
            found.ratio(),
        );
    }
    met
}

/// A duration in the unit that a request takes.
struct Brief(Duration);

impl fmt::Display for Brief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_secs_f64() * 1e9;
        match nanos {
            ..1e3 => write!(f, "{nanos:.1} ns"),
            ..1e6 => write!(f, "{:.2} µs", nanos / 1e3),
            _ => write!(f, "{:.2} ms", nanos / 1e6),
        }
    }
}

fn met_or_missed(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}
