//! What is counted exactly.

use super::conditions::Conditions;
use super::met_or_missed;
use crate::Fallible;
use crate::counts::{allocations, instructions, system_calls};
use crate::options::Choice;
use crate::rows::{ECHO, SMALL_FILE};
use crate::subject::SubjectKind;
use crate::workload::{Effort, Over, Workload};

/// What may be counted of a request.
struct Limits {
    workload: Workload,
    system_calls: Option<f64>,
    instructions: Option<f64>,
    allocations: Option<Allocations>,
}

#[derive(Clone, Copy)]
enum Allocations {
    AtMost(u64),
    /// Beyond those of the bare loop, which are the library's.
    More(u64),
}

const LIMITS: [Limits; 7] = [
    Limits {
        workload: ECHO,
        system_calls: Some(3.0),
        instructions: Some(320.0),
        allocations: Some(Allocations::AtMost(0)),
    },
    Limits {
        workload: Workload::echo(Over::Plain, 64, 64),
        system_calls: Some(2.15),
        instructions: None,
        allocations: Some(Allocations::AtMost(0)),
    },
    Limits {
        workload: SMALL_FILE,
        system_calls: Some(2.15),
        instructions: Some(900.0),
        allocations: Some(Allocations::AtMost(2)),
    },
    Limits {
        workload: Workload::echo(Over::Rustls, 64, 64),
        system_calls: Some(2.15),
        instructions: None,
        allocations: Some(Allocations::More(0)),
    },
    Limits {
        workload: Workload::file(Over::Rustls, 64 << 10, 64),
        system_calls: Some(3.15),
        instructions: None,
        allocations: Some(Allocations::More(0)),
    },
    Limits {
        workload: Workload::echo(Over::Openssl, 64, 64),
        system_calls: Some(2.15),
        instructions: None,
        allocations: Some(Allocations::More(0)),
    },
    Limits {
        workload: Workload::Connect,
        system_calls: None,
        instructions: None,
        allocations: None,
    },
];

/// Prints the table; answers whether the targets are met.
pub(super) fn print(choice: &Choice, conditions: &mut Conditions) -> Fallible<bool> {
    println!();
    println!("| counted, a request | loopline | bare | target | |");
    println!("|---|---|---|---|---|");
    let requests = match choice.effort {
        Effort::Full => 10_000,
        Effort::Quick => 1_000,
    };
    let mut met = true;
    for limits in &LIMITS {
        met &= print_system_calls(limits, requests, conditions)?;
        if limits.instructions.is_some() {
            met &= print_instructions(limits, requests, conditions)?;
        }
        if limits.allocations.is_some() {
            met &= print_allocations(limits)?;
        }
    }
    Ok(met)
}

fn print_count(what: &str, ours: &str, bare: &str, target: Option<(String, bool)>) -> bool {
    let (target, word, met) = match target {
        Some((target, met)) => (target, met_or_missed(met), met),
        None => (String::new(), "", true),
    };
    println!("| {what} | {ours} | {bare} | {target} | {word} |");
    met
}

/// What cannot be counted here is neither met nor missed.
fn print_skipped(what: &str, tool: &str) -> bool {
    println!("| {what} | | | | skipped: no {tool} |");
    true
}

fn print_system_calls(
    limits: &Limits,
    requests: u64,
    conditions: &mut Conditions,
) -> Fallible<bool> {
    let workload = limits.workload;
    let what = format!("system calls, {workload}");
    let requests = requests.next_multiple_of(workload.round());
    let ours = system_calls(SubjectKind::Ours, workload, requests)?;
    let bare = system_calls(SubjectKind::Bare, workload, requests)?;
    let (Some(ours), Some(bare)) = (ours, bare) else {
        return Ok(print_skipped(&what, "strace"));
    };
    if workload == ECHO {
        conditions.note_system_calls(bare.sum());
    }
    // As exact as it is printed.
    let judged = |limit: f64| (format!("<= {limit}"), ours.sum() < limit + 0.005);
    Ok(print_count(
        &what,
        &format!("{:.2} ({ours})", ours.sum()),
        &format!("{:.2} ({bare})", bare.sum()),
        limits.system_calls.map(judged),
    ))
}

fn print_instructions(
    limits: &Limits,
    requests: u64,
    conditions: &mut Conditions,
) -> Fallible<bool> {
    let workload = limits.workload;
    let what = format!("user instructions, {workload}");
    let requests = requests.next_multiple_of(workload.round());
    let ours = instructions(SubjectKind::Ours, workload, requests)?;
    let bare = instructions(SubjectKind::Bare, workload, requests)?;
    let (Some(ours), Some(bare)) = (ours, bare) else {
        return Ok(print_skipped(&what, "valgrind"));
    };
    if workload == ECHO {
        conditions.note_instructions(bare);
    }
    Ok(print_count(
        &what,
        &format!("{ours:.0}"),
        &format!("{bare:.0}"),
        limits
            .instructions
            .map(|limit| (format!("<= {limit}"), ours <= limit)),
    ))
}

fn print_allocations(limits: &Limits) -> Fallible<bool> {
    let workload = limits.workload;
    let ours = allocations(SubjectKind::Ours, workload)?;
    let bare = allocations(SubjectKind::Bare, workload)?;
    let judged = |limit| match limit {
        Allocations::AtMost(limit) => (format!("<= {limit}"), ours <= limit as f64),
        Allocations::More(limit) => (format!("{limit} more at most"), ours <= bare + limit as f64),
    };
    Ok(print_count(
        &format!("allocations, {workload}"),
        &format!("{ours}"),
        &format!("{bare}"),
        limits.allocations.map(judged),
    ))
}
