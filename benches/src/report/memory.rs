//! The memory of connections that only stand.

use super::met_or_missed;
use crate::Fallible;
use crate::options::Choice;
use crate::ours::PROTOCOL_BYTES;
use crate::placement::allow_descriptors;
use crate::process::Contestant;
use crate::subject::SubjectKind;
use crate::workload::{Effort, Over, Workload};

/// Bytes of heap for an idle connection, its user's protocol included; over TLS,
/// beyond those of the library's connection.
const LIMIT: i64 = 350;
const TLS_LIMIT: i64 = 500;

/// Descriptors of a process that are no connections, generously.
const OTHERS: u64 = 200;

fn connections(effort: Effort) -> Fallible<u64> {
    let wanted = match effort {
        Effort::Full => 10_000,
        Effort::Quick => 500,
    };
    Ok(wanted.min(allow_descriptors()?.saturating_sub(OTHERS)))
}

/// Prints the table; answers whether the targets are met.
pub(super) fn print(choice: &Choice) -> Fallible<bool> {
    let connections = connections(choice.effort)?;
    println!();
    println!("| an idle connection, of {connections} | by | heap | resident | target | |");
    println!("|---|---|---:|---:|---|---|");
    let mut met = true;
    for over in [Over::Plain, Over::Rustls, Over::Openssl] {
        let workload = Workload::Idle { over };
        let mut bare = 0;
        for kind in choice.subjects(workload) {
            let (heap, resident) = measure(kind, workload, connections)?;
            let limit = match over {
                _ if kind != SubjectKind::Ours => None,
                Over::Plain => Some((LIMIT, format!("<= {LIMIT} B"))),
                _ => Some((bare + TLS_LIMIT, format!("<= {TLS_LIMIT} B more"))),
            };
            if kind == SubjectKind::Bare {
                bare = heap;
            }
            let note = match kind {
                SubjectKind::Ours => format!(" (the protocol's own: {PROTOCOL_BYTES} B)"),
                _ => String::new(),
            };
            let (limit, word) = match limit {
                Some((limit, text)) => {
                    met &= heap <= limit;
                    (text, met_or_missed(heap <= limit))
                }
                None => (String::new(), ""),
            };
            println!("| {workload} | {kind} | {heap} B{note} | {resident} B | {limit} | {word} |");
        }
    }
    Ok(met)
}

/// Bytes for each connection: of the heap, and of resident memory.
fn measure(kind: SubjectKind, workload: Workload, connections: u64) -> Fallible<(i64, i64)> {
    let mut contestant = Contestant::start(kind, workload)?;
    // What is made once is no connection's.
    contestant.serve(1)?;
    let taken = contestant.serve(connections)?;
    let each = |bytes: i64| bytes / connections.cast_signed();
    Ok((each(taken.heap), each(taken.resident)))
}
