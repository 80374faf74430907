//! `loopline-conformance merge FILE...` makes one page of the reports of several
//! systems; `loopline-conformance behaviour` prints what the suite checks.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    loopline_conformance::command(std::env::args().skip(1))
}
