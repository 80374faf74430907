//! System calls a request, by strace.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::process::Command;

use super::{present, under};
use crate::Fallible;
use crate::subject::SubjectKind;
use crate::workload::Workload;

/// Calls a request, by name.
pub(crate) struct SystemCalls(BTreeMap<String, f64>);

impl SystemCalls {
    pub(crate) fn sum(&self) -> f64 {
        self.0.values().sum()
    }
}

impl fmt::Display for SystemCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (name, calls) in &self.0 {
            write!(f, "{separator}{name} {calls:.2}")?;
            separator = ", ";
        }
        Ok(())
    }
}

/// `None` without strace.
pub(crate) fn system_calls(
    kind: SubjectKind,
    workload: Workload,
    requests: u64,
) -> Fallible<Option<SystemCalls>> {
    if !present("strace") {
        return Ok(None);
    }
    let short = count(kind, workload, requests)?;
    let long = count(kind, workload, 2 * requests)?;
    let slopes = long.into_iter().filter_map(|(name, calls)| {
        let more = calls.saturating_sub(short.get(&name).copied().unwrap_or(0));
        let slope = more as f64 / requests as f64;
        // One call more or less in a whole run is nobody's request.
        (slope >= 0.005).then_some((name, slope))
    });
    Ok(Some(SystemCalls(slopes.collect())))
}

fn count(kind: SubjectKind, workload: Workload, requests: u64) -> Fallible<BTreeMap<String, u64>> {
    let summary = tempfile::NamedTempFile::new()?;
    // The client is a child, and children are followed only if asked for.
    let mut strace = Command::new("strace");
    strace.arg("-c").arg("-o").arg(summary.path());
    under(&mut strace, kind, workload, requests)?;
    Ok(parse(&fs::read_to_string(summary.path())?))
}

/// Reads rows of `% time, seconds, usecs/call, calls, [errors], syscall`.
fn parse(summary: &str) -> BTreeMap<String, u64> {
    let rows = summary.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let calls = cells.get(3)?.parse().ok()?;
        let name = *cells.last()?;
        (name != "total").then(|| (name.to_owned(), calls))
    });
    rows.collect()
}
