//! The tables, and whether every target is met.

use std::time::Duration;

use crate::Fallible;
use crate::counts::{
    IdleHeap, TlsIdleHeap, allocations, idle_heap, instructions, system_calls, tls_idle_heap,
};
use crate::pairs::{Comparison, compare};
use crate::stage::SubjectKind;
use crate::targets::{
    ALLOCATIONS, ECHO, IDLE_BYTES, SYSTEM_CALLS, TLS_ECHO, USER_INSTRUCTIONS, WORKLOADS,
};
use crate::workload::{Effort, Workload};

/// Prints everything; answers whether the targets are met.
///
/// With `only`, times are taken of those workloads alone whose names contain
/// it, and nothing is counted.
pub(crate) fn verdict(effort: Effort, only: Option<&str>) -> Fallible<bool> {
    let times_met = times(effort, only.unwrap_or_default())?;
    if only.is_some() {
        return Ok(times_met);
    }
    println!();
    let counts_met = counts(effort)?;
    // Turns that short say nothing of five per cent.
    Ok(counts_met && (times_met || effort == Effort::Quick))
}

fn times(effort: Effort, only: &str) -> Fallible<bool> {
    println!("| CPU time a request | loopline | peer | | ratio | middle half | target | |");
    println!("|---|---:|---|---:|---:|---|---|---|");
    let mut met = true;
    for (workload, limit) in WORKLOADS {
        if !workload.to_string().contains(only) {
            continue;
        }
        for &peer in SubjectKind::of(workload) {
            if peer == SubjectKind::Ours {
                continue;
            }
            let comparison = compare(peer, workload, effort)?;
            let limit = limit.filter(|_| matches!(peer, SubjectKind::Bare | SubjectKind::Protocol));
            met &= limit.is_none_or(|limit| comparison.ratio() <= limit);
            print_comparison(workload, peer, &comparison, limit);
        }
    }
    Ok(met)
}

fn print_comparison(workload: Workload, peer: SubjectKind, found: &Comparison, limit: Option<f64>) {
    let (low, high) = found.middle_half();
    let (limit, word) = match limit {
        Some(limit) => {
            let met = found.ratio() <= limit;
            (format!("<= {limit:.2}"), met_or_missed(met))
        }
        None => (String::new(), ""),
    };
    println!(
        "| {workload} | {} | {peer} | {} | {:.3} | {low:.3} to {high:.3} | {limit} | {word} |",
        brief(found.ours),
        brief(found.peer),
        found.ratio(),
    );
}

/// A duration in the unit that a request takes.
fn brief(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    if micros < 1000.0 {
        format!("{micros:.2} µs")
    } else {
        format!("{:.2} ms", micros / 1000.0)
    }
}

fn met_or_missed(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

fn counts(effort: Effort) -> Fallible<bool> {
    println!("| counted | loopline | bare | target | |");
    println!("|---|---|---|---|---|");
    let requests = match effort {
        Effort::Full => 10_000,
        Effort::Quick => 1_000,
    };
    let calls_met = count_system_calls(requests)?;
    let instructions_met = count_instructions(requests)?;
    let allocations_met = count_allocations()?;
    let tls_allocations_met = count_tls_allocations()?;
    let heap_met = count_idle_heap()?;
    let tls_heap_met = count_tls_idle_heap(effort)?;
    Ok(calls_met
        && instructions_met
        && allocations_met
        && tls_allocations_met
        && heap_met
        && tls_heap_met)
}

fn print_count(what: &str, ours: &str, bare: &str, target: &str, met: bool) -> bool {
    println!(
        "| {what} | {ours} | {bare} | {target} | {} |",
        met_or_missed(met)
    );
    met
}

/// What cannot be counted here is neither met nor missed.
fn print_skipped(what: &str, tool: &str) -> bool {
    println!("| {what} | | | | skipped: no {tool} |");
    true
}

fn count_system_calls(requests: u64) -> Fallible<bool> {
    let what = format!("system calls a request, {ECHO}");
    let ours = system_calls(SubjectKind::Ours, ECHO, requests)?;
    let bare = system_calls(SubjectKind::Bare, ECHO, requests)?;
    let (Some(ours), Some(bare)) = (ours, bare) else {
        return Ok(print_skipped(&what, "strace"));
    };
    if let Some(polling) = system_calls(SubjectKind::Polling, ECHO, requests)? {
        let sum = polling.sum();
        println!("| {what}, over polling | {sum:.2} ({polling}) | | | |");
    }
    Ok(print_count(
        &what,
        &format!("{:.2} ({ours})", ours.sum()),
        &format!("{:.2} ({bare})", bare.sum()),
        &format!("<= {SYSTEM_CALLS}"),
        // As exact as it is printed.
        ours.sum() < SYSTEM_CALLS + 0.005,
    ))
}

fn count_instructions(requests: u64) -> Fallible<bool> {
    let what = format!("user instructions a request, {ECHO}");
    let ours = instructions(SubjectKind::Ours, ECHO, requests)?;
    let bare = instructions(SubjectKind::Bare, ECHO, requests)?;
    let (Some(ours), Some(bare)) = (ours, bare) else {
        return Ok(print_skipped(&what, "valgrind"));
    };
    Ok(print_count(
        &what,
        &format!("{ours:.0}"),
        &format!("{bare:.0}"),
        &format!("<= {USER_INSTRUCTIONS}"),
        ours <= USER_INSTRUCTIONS,
    ))
}

fn count_allocations() -> Fallible<bool> {
    let mut met = true;
    let many = Workload::Echo {
        size: 64,
        connections: 64,
    };
    for workload in [ECHO, many] {
        let made = allocations(SubjectKind::Ours, workload)?;
        met &= print_count(
            &format!("allocations, request 10,000 to 20,000, {workload}"),
            &made.to_string(),
            "",
            &ALLOCATIONS.to_string(),
            made == ALLOCATIONS,
        );
    }
    Ok(met)
}

fn count_tls_allocations() -> Fallible<bool> {
    let mut met = true;
    let large = Workload::TlsEcho { size: 16 << 10 };
    for workload in [TLS_ECHO, large] {
        let ours = allocations(SubjectKind::Ours, workload)?;
        let bare = allocations(SubjectKind::Bare, workload)?;
        met &= print_count(
            &format!("allocations, request 10,000 to 20,000, {workload}"),
            &ours.to_string(),
            &bare.to_string(),
            &format!("{ALLOCATIONS} more"),
            ours <= bare + ALLOCATIONS,
        );
    }
    Ok(met)
}

fn count_tls_idle_heap(effort: Effort) -> Fallible<bool> {
    let TlsIdleHeap {
        connections,
        ours,
        library,
        protocol,
    } = tls_idle_heap(effort)?;
    Ok(print_count(
        &format!("heap of an idle TLS connection, of {connections}"),
        &format!("{ours} B, of which {protocol} B are the user's protocol"),
        &format!("{library} B"),
        &format!("<= {IDLE_BYTES} B more"),
        ours <= library + IDLE_BYTES,
    ))
}

fn count_idle_heap() -> Fallible<bool> {
    let IdleHeap {
        connections,
        bytes,
        protocol,
    } = idle_heap()?;
    Ok(print_count(
        &format!("heap of an idle connection, of {connections}"),
        &format!("{bytes} B, of which {protocol} B are the user's protocol"),
        "",
        &format!("<= {IDLE_BYTES} B"),
        bytes <= IDLE_BYTES,
    ))
}
