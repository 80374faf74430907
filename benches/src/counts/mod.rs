//! What can be counted exactly: no clock, no noise.
//!
//! Totals of a whole process hold its start and its end as well; the
//! difference between two runs, one twice as long as the other, does not. So
//! every figure a request is such a slope.

mod allocations;
mod instructions;
mod system_calls;

pub(crate) use allocations::allocations;
pub(crate) use instructions::instructions;
pub(crate) use system_calls::system_calls;

use std::process::{Command, Stdio};

use crate::Fallible;
use crate::subject::SubjectKind;
use crate::workload::Workload;

/// This program as a subject, to be run under a tool that counts.
fn under(tool: &mut Command, kind: SubjectKind, workload: Workload, requests: u64) -> Fallible<()> {
    let ended = tool
        .arg(std::env::current_exe()?)
        .arg("subject")
        .arg(kind.to_string())
        .args(workload.to_arguments())
        .arg(requests.to_string())
        .stdout(Stdio::null())
        .output()?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    Err(format!(
        "{} failed: {}",
        tool.get_program().display(),
        said.trim_end()
    )
    .into())
}

/// Whether a program can be run at all.
fn present(program: &str) -> bool {
    let version = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
}
