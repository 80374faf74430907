//! What more of everything costs.

use super::Brief;
use crate::Fallible;
use crate::options::Choice;
use crate::rounds::compare;
use crate::subject::SubjectKind;
use crate::workload::{Count, Effort, Over, Workload};

/// Prints the tables: of the cost a request, by what stands beside it.
pub(super) fn print(choice: &Choice) -> Fallible<()> {
    println!();
    println!("| growth | by | before | after | ratio | middle half |");
    println!("|---|---|---:|---:|---:|---|");
    let connections = match choice.effort {
        Effort::Full => 10_000,
        Effort::Quick => 500,
    };
    let few = Workload::echo(Over::Plain, 64, 64);
    let many = Workload::Echo {
        over: Over::Plain,
        size: 64,
        active: 64,
        connections,
    };
    print_pairs(choice, few, many)?;
    let decades: &[usize] = match choice.effort {
        Effort::Full => &[10_000, 100_000, 1_000_000, 10_000_000],
        Effort::Quick => &[1_000, 10_000],
    };
    for pair in decades.windows(2) {
        let [few, many] = [pair[0], pair[1]].map(|timers| Workload::FireTimers { timers });
        print_pairs(choice, few, many)?;
    }
    Ok(())
}

fn print_pairs(choice: &Choice, few: Workload, many: Workload) -> Fallible<()> {
    for kind in [SubjectKind::Bare, SubjectKind::Ours] {
        // The same number of requests a turn, where that is free to choose.
        let requests = few.turn(choice.effort).max(many.round());
        let few_requests = requests.next_multiple_of(few.round());
        let entries = [(kind, few, few_requests), (kind, many, requests)];
        let rounds = match many {
            // A turn of millions of timers is long enough.
            Workload::FireTimers { .. } => choice.rounds.div_ceil(8),
            _ => choice.rounds,
        };
        let figures = compare(&entries, rounds)?;
        let (low, high) = figures[1].middle_half();
        println!(
            "| {few} to {} | {kind} | {} | {} | {:.3} | {low:.3} to {high:.3} |",
            Beside(many),
            Brief(figures[0].cpu),
            Brief(figures[1].cpu),
            figures[1].ratio(),
        );
    }
    Ok(())
}

/// What there is more of.
struct Beside(Workload);

impl std::fmt::Display for Beside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Workload::FireTimers { timers } => Count(timers as u64).fmt(f),
            Workload::Echo { connections, .. } => {
                write!(
                    f,
                    "{}, of which as many are active",
                    Count(connections as u64)
                )
            }
            other => other.fmt(f),
        }
    }
}
