//! User instructions a request, by valgrind.

use std::fs;
use std::process::Command;

use super::{present, under};
use crate::Fallible;
use crate::subject::SubjectKind;
use crate::workload::Workload;

/// `None` without valgrind.
pub(crate) fn instructions(
    kind: SubjectKind,
    workload: Workload,
    requests: u64,
) -> Fallible<Option<f64>> {
    if !present("valgrind") {
        return Ok(None);
    }
    let short = count(kind, workload, requests)?;
    let long = count(kind, workload, 2 * requests)?;
    Ok(Some(long.saturating_sub(short) as f64 / requests as f64))
}

fn count(kind: SubjectKind, workload: Workload, requests: u64) -> Fallible<u64> {
    let profile = tempfile::NamedTempFile::new()?;
    let mut valgrind = Command::new("valgrind");
    valgrind
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", profile.path().display()));
    under(&mut valgrind, kind, workload, requests)?;
    total(&fs::read_to_string(profile.path())?)
        .ok_or_else(|| "valgrind's profile has no total".into())
}

/// The line `summary: 12345` or `totals: 12345`, whichever is there.
fn total(profile: &str) -> Option<u64> {
    let mut lines = profile.lines();
    let figure = lines.find_map(|line| {
        line.strip_prefix("totals:")
            .or_else(|| line.strip_prefix("summary:"))
    })?;
    figure.split_whitespace().next()?.parse().ok()
}
