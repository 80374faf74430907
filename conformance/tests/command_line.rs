//! A test program with the suite in it, as whoever calls it sees it.
//!
//! This program runs itself again, as one over a subject that misbehaves.

use std::process::{Command, ExitCode, Output};
use std::{env, io, thread};

use libtest_mimic::{Arguments, Failed, Trial};
use loopline_conformance::{Subject, Suite};
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
            _ => Err(io::Error::other("no backend ever")),
        }
    }
}

fn main() -> ExitCode {
    match env::var(SUBJECT).as_deref() {
        Ok("hanging") => loopline_conformance::main(Broken("hanging")),
        Ok("panicking") => loopline_conformance::main(Broken("panicking")),
        Ok("twins") => {
            let suite = Suite::new().subject(Broken("twin")).subject(Broken("twin"));
            suite.main()
        }
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
    expect(&output, 0, &["--strict", "--limit SECONDS", "--exact"])
}
