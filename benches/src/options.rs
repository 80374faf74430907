//! The command line, for people and for this program when it runs itself.

use crate::client::Task;
use crate::stage::SubjectKind;
use crate::workload::{Effort, Workload};

pub(crate) const USAGE: &str = "\
Usage: loopline-benches [--check] [--quick] [--race] [NAME]
       loopline-benches --criterion

Compares loopline with bare loops and prints the ratios of their CPU time,
and what can be counted: system calls, instructions, allocations, heap.

  NAME         times only the workloads whose names contain it, and counts nothing
  --check      exit with status 1 if a target is missed
  --quick      few and short pairs: shows that everything works; too short to
               judge times by, so --check then judges only what is counted
  --race       subject and client run where and when the kernel likes, instead
               of in lockstep on one CPU: closer to a service, and noisier
  --criterion  the curve of each subject alone, by criterion
  --help       this text";

/// What one run of this program is to do.
pub(crate) enum Mode {
    Help,
    /// Pairs, counts, and the tables of both.
    Verdict {
        effort: Effort,
        check: bool,
        race: bool,
        only: Option<String>,
    },
    /// criterion's measurements.
    Curves,
    /// The other end of the connections.
    Client(Task),
    /// One subject alone, for a tool that counts from outside.
    Subject {
        subject: SubjectKind,
        workload: Workload,
        requests: u64,
    },
}

pub(crate) fn parse(arguments: &[String]) -> Result<Mode, String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["client", address, ref task @ ..] => Task::parse(address, task)
            .map(Mode::Client)
            .ok_or_else(|| format!("not a task for a client: {words:?}")),
        ["subject", subject, ref workload @ .., requests] => {
            parse_subject(subject, workload, requests)
                .ok_or_else(|| format!("not a subject: {words:?}"))
        }
        ["--help" | "-h"] => Ok(Mode::Help),
        ["--criterion"] => Ok(Mode::Curves),
        _ => parse_verdict(&words),
    }
}

fn parse_subject(subject: &str, workload: &[&str], requests: &str) -> Option<Mode> {
    Some(Mode::Subject {
        subject: SubjectKind::parse(subject)?,
        workload: Workload::parse(workload)?,
        requests: requests.parse().ok()?,
    })
}

fn parse_verdict(words: &[&str]) -> Result<Mode, String> {
    let mut effort = Effort::Full;
    let mut check = false;
    let mut race = false;
    let mut only = None;
    for word in words {
        match *word {
            "--quick" => effort = Effort::Quick,
            "--check" => check = true,
            "--race" => race = true,
            // `cargo bench` says so to every benchmark that it runs.
            "--bench" => {}
            option if option.starts_with('-') => {
                return Err(format!("unknown option: {option}"));
            }
            name => only = Some(name.to_owned()),
        }
    }
    Ok(Mode::Verdict {
        effort,
        check,
        race,
        only,
    })
}
