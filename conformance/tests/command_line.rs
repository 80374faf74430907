//! A test program with the suite in it, as whoever calls it sees it.
//!
//! This program runs itself again, as one over a subject that misbehaves.

use std::process::{Command, ExitCode, Output};
use std::{env, fs, io, process, thread};

use libtest_mimic::{Arguments, Failed, Trial};
use loopline_conformance::{Expectation, Subject, Suite};
use loopline_core::backend::Backend;

/// Names the subject for which this program is the suite.
const SUBJECT: &str = "CONFORMANCE_TEST_SUBJECT";

/// A subject whose backends cannot be had, in the way that its name says.
struct Broken(&'static str);

impl Subject for Broken {
    fn name(&self) -> &'static str {
        self.0
    }

    fn backend(&self) -> io::Result<Box<dyn Backend>> {
        match self.0 {
            "hanging" => loop {
                thread::park();
            },
            "panicking" => panic!("no backend today"),
            "aborting" => process::abort(),
            "overflowing" => Err(io::Error::other(deep(u64::MAX).to_string())),
            #[cfg(unix)]
            "stopping" => loop {
                // Neither the case goes on nor who watches over it.
                let this = process::id().to_string();
                Command::new("kill").args(["-STOP", &this]).status()?;
            },
            _ => Err(io::Error::other("no backend ever")),
        }
    }

    fn expectations(&self) -> Vec<Expectation> {
        match self.0 {
            "resigned" => vec![Expectation::failure(NEWEST_KEY, "there is no backend")],
            _ => Vec::new(),
        }
    }
}

/// Needs more of the stack than there is.
fn deep(left: u64) -> u64 {
    let frame = std::hint::black_box([left; 1024]);
    if left == 0 {
        return 0;
    }
    deep(left - 1) + frame[1]
}

/// A backend that works, after something was left open.
#[cfg(target_os = "linux")]
struct Leaking;

#[cfg(target_os = "linux")]
impl Subject for Leaking {
    fn name(&self) -> &'static str {
        "leaking"
    }

    fn backend(&self) -> io::Result<Box<dyn Backend>> {
        std::mem::forget(fs::File::open("/dev/null")?);
        Ok(Box::new(loopline_backend_epoll::EpollBackend::new()?))
    }
}

/// An isolated case that makes a backend.
const ISOLATED: &str = "backend::B4_watching_a_number_that_was_closed";

/// A case of no interest in itself.
const NEWEST_KEY: &str = "backend::B3_the_newest_key_counts";

/// A subject that first hangs, then panics, then fails, and then is a good one.
#[cfg(target_os = "linux")]
#[derive(Default)]
struct Moody(std::sync::atomic::AtomicUsize);

#[cfg(target_os = "linux")]
impl Subject for Moody {
    fn name(&self) -> &'static str {
        "moody"
    }

    fn backend(&self) -> io::Result<Box<dyn Backend>> {
        match self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => Broken("hanging").backend(),
            1 => Broken("panicking").backend(),
            2 => Broken("failing").backend(),
            _ => Ok(Box::new(loopline_backend_epoll::EpollBackend::new()?)),
        }
    }
}

fn main() -> ExitCode {
    match env::var(SUBJECT).as_deref() {
        Ok("hanging") => loopline_conformance::main(Broken("hanging")),
        Ok("panicking") => loopline_conformance::main(Broken("panicking")),
        Ok("aborting") => loopline_conformance::main(Broken("aborting")),
        Ok("overflowing") => loopline_conformance::main(Broken("overflowing")),
        Ok("stopping") => loopline_conformance::main(Broken("stopping")),
        Ok("silent") => {
            let code = loopline_conformance::main(Broken("failing"));
            // What the process of a case leaves of itself is this file.
            if let Some(diary) = env::var_os("LOOPLINE_CONFORMANCE_DIARY") {
                fs::remove_file(diary).expect("a diary");
            }
            code
        }
        #[cfg(target_os = "linux")]
        Ok("leaking") => loopline_conformance::main(Leaking),
        #[cfg(target_os = "linux")]
        Ok("two suites") => {
            let first = loopline_conformance::main(Broken("failing"));
            let second = loopline_conformance::main(Moody(4.into()));
            println!("{first:?} {second:?}");
            second
        }
        Ok("twins") => {
            let suite = Suite::new().subject(Broken("twin")).subject(Broken("twin"));
            suite.main()
        }
        Ok("resigned") => loopline_conformance::main(Broken("resigned")),
        #[cfg(target_os = "linux")]
        Ok("moody") => loopline_conformance::main(Moody::default()),
        Ok(_) => loopline_conformance::main(Broken("failing")),
        Err(_) => libtest_mimic::run(&Arguments::from_args(), trials()).exit_code(),
    }
}

fn trials() -> Vec<Trial> {
    vec![
        Trial::test("a_hang_ends_the_program_with_an_error", a_hang),
        Trial::test("a_panic_is_reported_where_it_belongs", a_panic),
        Trial::test(
            "a_backend_that_cannot_be_made_is_an_error",
            an_unmakable_backend,
        ),
        Trial::test("an_exact_name_chooses_one_case", an_exact_name),
        Trial::test("a_filter_that_chooses_nothing_is_an_error", an_empty_choice),
        Trial::test("a_list_is_no_run", a_list),
        Trial::test("two_subjects_of_one_name_are_an_error", twins),
        Trial::test("a_list_for_people_says_what_holds", a_list_for_people),
        #[cfg(target_os = "linux")]
        Trial::test("a_run_goes_on_after_any_failure", a_moody_subject),
        Trial::test(
            "isolated_failures_are_named_and_the_run_goes_on",
            isolated_failures,
        ),
        Trial::test("a_crash_is_a_failure_of_its_case", crashes),
        #[cfg(unix)]
        Trial::test("a_process_that_hangs_is_killed", a_stopped_process),
        #[cfg(target_os = "linux")]
        Trial::test("what_is_left_open_is_named", a_leak),
        #[cfg(target_os = "linux")]
        Trial::test("an_isolated_case_finds_its_suite", two_suites),
        Trial::test("a_process_without_a_verdict_is_a_failure", a_silent_process),
        Trial::test("nothing_is_begun_after_a_failure", a_fast_failure),
        Trial::test("a_report_has_every_outcome", a_report),
        Trial::test(
            "a_report_on_the_standard_output_is_alone_there",
            a_bare_report,
        ),
        Trial::test("a_report_that_cannot_be_written_is_an_error", no_place),
        Trial::test("reports_become_one_page", a_merge),
        Trial::test("what_cannot_be_merged_is_an_error", no_merge),
        Trial::test("the_program_prints_the_behaviour", the_behaviour),
        Trial::test("the_help_names_both_kinds_of_options", help),
    ]
}

fn suite(subject: &str, line: &str) -> io::Result<Output> {
    let arguments = line.split_whitespace();
    let mut command = Command::new(env::current_exe()?);
    command.env(SUBJECT, subject).args(arguments).output()
}

/// The code that a program ended with, and all that it printed.
fn ended(output: &Output) -> (Option<i32>, String) {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

fn expect(output: &Output, code: i32, parts: &[&str]) -> Result<(), Failed> {
    let (ended, text) = ended(output);
    if ended != Some(code) {
        return Err(format!("ended with {ended:?}, not {code}:\n{text}").into());
    }
    match parts.iter().find(|part| !text.contains(**part)) {
        Some(part) => Err(format!("`{part}` is not in:\n{text}").into()),
        None => Ok(()),
    }
}

fn a_hang() -> Result<(), Failed> {
    let output = suite("hanging", "--limit 1 B3_the_newest_key_counts")?;
    let parts = [
        "no end after 1s",
        "while: making a backend",
        "B3: After a rewatch",
    ];
    expect(&output, 101, &parts)
}

fn a_panic() -> Result<(), Failed> {
    let output = suite("panicking", "B3_the_newest_key_counts")?;
    let parts = ["panicked at", "command_line.rs", "no backend today"];
    expect(&output, 101, &parts)?;
    let (_, text) = ended(&output);
    match text.matches("no backend today").count() {
        1 => Ok(()),
        count => Err(format!("reported {count} times:\n{text}").into()),
    }
}

fn an_unmakable_backend() -> Result<(), Failed> {
    let output = suite("failing", "backend::B3")?;
    expect(
        &output,
        101,
        &["no backend could be made: no backend ever", "0 passed"],
    )
}

fn an_exact_name() -> Result<(), Failed> {
    let name = "failing::suite::every_expectation_names_a_case";
    let output = suite("failing", &format!("{name} --exact --nocapture --strict"))?;
    expect(&output, 0, &["1 passed; 0 failed"])
}

fn an_empty_choice() -> Result<(), Failed> {
    let output = suite("failing", "B3_the_newest_kay")?;
    expect(&output, 2, &["error: `B3_the_newest_kay` leaves none of"])
}

fn a_list() -> Result<(), Failed> {
    let output = suite("hanging", "--list --format terse")?;
    expect(
        &output,
        0,
        &["hanging::backend::B3_the_newest_key_counts: test"],
    )?;
    let output = suite("hanging", "--list --format terse --ignored")?;
    expect(&output, 0, &[])
}

fn twins() -> Result<(), Failed> {
    let output = suite("twins", "")?;
    expect(&output, 2, &["two subjects are called `twin`"])
}

fn help() -> Result<(), Failed> {
    let output = suite("failing", "--help")?;
    expect(
        &output,
        0,
        &[
            "--strict",
            "--limit SECONDS",
            "--fail-fast",
            "--isolate",
            "--report",
            "--exact",
        ],
    )
}

fn a_list_for_people() -> Result<(), Failed> {
    let output = suite("hanging", "--list the_newest_key")?;
    let text = "hanging::backend::B3_the_newest_key_counts: test
    B3: After a rewatch with another key, only that one is reported.
";
    expect(&output, 0, &[])?;
    same(ended(&output).1.as_str(), text)
}

fn same(one: &str, other: &str) -> Result<(), Failed> {
    if one == other {
        return Ok(());
    }
    Err(format!("`{one}` is not `{other}`").into())
}

#[cfg(target_os = "linux")]
fn a_moody_subject() -> Result<(), Failed> {
    let output = suite("moody", "--test-threads 1 --limit 5 moody::backend::B5")?;
    let parts = [
        "no end after 5s",
        "panicked at",
        "no backend could be made: no backend ever",
        "4 passed; 3 failed",
    ];
    expect(&output, 101, &parts)?;
    let (_, text) = ended(&output);
    match text.matches("while: making a backend").count() {
        3 => Ok(()),
        count => Err(format!("{count} of 3 tell what was tried:\n{text}").into()),
    }
}

fn isolated_failures() -> Result<(), Failed> {
    for (subject, why) in [
        ("failing", "no backend could be made: no backend ever"),
        ("panicking", "no backend today"),
        ("hanging", "no end after 1s"),
    ] {
        let output = suite(subject, "--limit 1 backend::B4_watching")?;
        let parts = [why, "while: making a backend", "0 passed; 3 failed"];
        expect(&output, 101, &parts)?;
    }
    Ok(())
}

fn crashes() -> Result<(), Failed> {
    for (subject, printed) in [
        ("aborting", ""),
        ("overflowing", "has overflowed its stack"),
    ] {
        let line = "--isolate --test-threads 2 backend::B4_watching";
        let output = suite(subject, line)?;
        let parts = [
            "its process ended with ",
            "while: making a backend",
            "B4: A new source with the number of a closed one is watched",
            printed,
            "0 passed; 3 failed",
        ];
        expect(&output, 101, &parts)?;
    }
    Ok(())
}

#[cfg(unix)]
fn a_stopped_process() -> Result<(), Failed> {
    let output = suite("stopping", &format!("--limit 0.2 {ISOLATED}"))?;
    let parts = [
        "no end after 10.4s, and was killed",
        "while: making a backend",
    ];
    expect(&output, 101, &parts)
}

#[cfg(target_os = "linux")]
fn a_leak() -> Result<(), Failed> {
    let output = suite("leaking", "leaking::backend::B4_watching")?;
    let left = "(/dev/null), opened while making a backend";
    let parts = ["left open: ", left, "1 passed; 2 failed"];
    expect(&output, 101, &parts)
}

#[cfg(target_os = "linux")]
fn two_suites() -> Result<(), Failed> {
    let output = suite("two suites", ISOLATED)?;
    expect(&output, 0, &["0 passed; 1 failed", "1 passed; 0 failed"])
}

fn a_silent_process() -> Result<(), Failed> {
    let output = suite("silent", ISOLATED)?;
    let parts = ["its process ended with ", "while: starting the process"];
    expect(&output, 101, &parts)
}

fn a_fast_failure() -> Result<(), Failed> {
    let line = "--fail-fast --strict --test-threads 1 failing::backend::B5";
    let output = suite("failing", line)?;
    let parts = ["0 passed; 1 failed; 6 ignored", "another case has failed"];
    expect(&output, 101, &parts)
}

/// Runs with a report into a file, and returns what is in it.
fn report(subject: &str, line: &str, code: i32) -> Result<(String, serde_json::Value), Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("report.json");
    let line = format!("{line} --report json --output {}", path.display());
    let output = suite(subject, &line)?;
    expect(&output, code, &["test result"])?;
    let text = fs::read_to_string(path)?;
    let value = serde_json::from_str(&text)?;
    Ok((text, value))
}

fn a_report() -> Result<(), Failed> {
    for (subject, code, outcome) in [
        ("failing", 101, "failed"),
        ("resigned", 0, "expected_failure"),
    ] {
        let (_, report) = report(subject, "the_newest_key", code)?;
        let results = report["results"].as_array().map_or(0, Vec::len);
        same(&results.to_string(), "1")?;
        let result = &report["results"][0];
        for (field, value) in [
            ("outcome", outcome),
            ("backend", subject),
            ("layer", "backend"),
            ("line", "B3"),
        ] {
            same(result[field].as_str().unwrap_or_default(), value)?;
        }
    }
    Ok(())
}

fn a_bare_report() -> Result<(), Failed> {
    let output = suite("failing", "the_newest_key --report json")?;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    same(
        report["results"][0]["outcome"].as_str().unwrap_or_default(),
        "failed",
    )?;
    expect(&output, 101, &["test result: FAILED"])?;
    let output = suite("failing", "the_newest_key --report=markdown")?;
    expect(
        &output,
        101,
        &["| failing | – | **1 failed** |", "## Failed"],
    )
}

fn no_place() -> Result<(), Failed> {
    let output = suite(
        "hanging",
        "the_newest_key --report json --output /no/such/folder",
    )?;
    expect(&output, 2, &["error: the report cannot be written"])?;
    let output = suite("hanging", "the_newest_key --report xml")?;
    expect(&output, 2, &["error: --report wants json or markdown"])
}

fn program(arguments: &[&std::ffi::OsStr]) -> io::Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loopline-conformance"));
    command.args(arguments).output()
}

fn a_merge() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let (good, bad) = (
        folder.path().join("good.json"),
        folder.path().join("bad.json"),
    );
    let (text, _) = report("resigned", "the_newest_key", 0)?;
    fs::write(&good, text.replace(env::consts::OS, "elsewhere"))?;
    let (text, _) = report("failing", "the_newest_key", 101)?;
    fs::write(&bad, text)?;
    let output = program(&["merge".as_ref(), good.as_ref()])?;
    expect(&output, 0, &["| resigned | – | 1 expected |"])?;
    let output = program(&["merge".as_ref(), good.as_ref(), bad.as_ref()])?;
    let parts = [
        "elsewhere-",
        "| resigned | – | 1 expected |",
        "| failing | – | **1 failed** |",
    ];
    expect(&output, 1, &parts)
}

fn no_merge() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("report.json");
    let merge = || program(&["merge".as_ref(), path.as_ref(), path.as_ref()]);
    expect(&merge()?, 2, &["report.json"])?;
    fs::write(&path, "no report")?;
    expect(&merge()?, 2, &["report.json: no report"])?;
    fs::write(&path, report("failing", "the_newest_key", 101)?.0)?;
    expect(
        &merge()?,
        2,
        &["two of the reports have `failing::backend::B3_the_newest_key"],
    )?;
    expect(&program(&["merge".as_ref()])?, 2, &["Usage"])
}

fn the_behaviour() -> Result<(), Failed> {
    let output = program(&["behaviour".as_ref()])?;
    expect(
        &output,
        0,
        &["# Behaviour", "`backend::B3_the_newest_key_counts`"],
    )?;
    let output = program(&["coverage".as_ref()])?;
    expect(&output, 0, &["lines: ", " with cases, ", " explained"])
}
