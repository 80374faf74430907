//! The program that comes with the suite.

use std::fs;
use std::process::ExitCode;

use crate::behaviour;
use crate::report::Report;

const USAGE: &str = "Usage: loopline-conformance COMMAND

  merge FILE...   Print one page, in Markdown, of reports written with
                  `--report json`, such as those of several systems
  behaviour       Print, in Markdown, every line of the behaviour with its cases,
                  or with the reason why it has none
  coverage        Print how many lines have cases, and how many are explained

The exit code is 0, or 1 if the reports hold a failure, or 2 if there was nothing
to do or to read.";

/// A report with a failure.
const FAILED: u8 = 1;
/// A command that could not be carried out.
const UNUSABLE: u8 = 2;

/// Runs the program `loopline-conformance` on its arguments, without its name.
///
/// `merge FILE...` prints one Markdown table of the runs whose reports, written
/// with `--report json`, are in the files. `behaviour` prints every line of the
/// behaviour with the cases that check it, or the reason why none does;
/// `coverage` only how many there are of each.
///
/// The exit code is 0; 1 if a merged report holds a failure, after the table; 2,
/// with the reason on the standard error, if the arguments make no sense, a file
/// cannot be read or is no report, or two files hold the same case of one system.
///
/// ```
/// # use std::process::ExitCode;
/// let arguments = ["coverage".to_owned()];
/// assert_eq!(loopline_conformance::command(arguments), ExitCode::SUCCESS);
/// ```
#[must_use]
pub fn command(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["merge", files @ ..] if !files.is_empty() => match merged(files) {
            Ok(report) => {
                print!("{}", report.markdown());
                ExitCode::from(if report.has_failed() { FAILED } else { 0 })
            }
            Err(why) => unusable(&why),
        },
        ["behaviour"] => {
            print!("{}", behaviour::page());
            ExitCode::SUCCESS
        }
        ["coverage"] => {
            println!("{}", behaviour::coverage());
            ExitCode::SUCCESS
        }
        ["--help" | "-h" | "help"] => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => unusable(USAGE),
    }
}

fn merged(files: &[&str]) -> Result<Report, String> {
    let reports: Result<Vec<_>, _> = files.iter().map(|file| read(file)).collect();
    Report::merge(reports?)
}

fn read(file: &str) -> Result<Report, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    Report::parse(&text).map_err(|why| format!("{file}: {why}"))
}

fn unusable(why: &str) -> ExitCode {
    eprintln!("error: {why}");
    ExitCode::from(UNUSABLE)
}
