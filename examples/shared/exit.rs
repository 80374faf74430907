//! How a program ends, and what it says then.

use std::error::Error;
use std::fmt::{self, Display};
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

/// Why a program ends with a status other than 0.
#[derive(Debug)]
pub(crate) struct Failure {
    status: u8,
    message: String,
}

impl Failure {
    /// The job was begun, and failed.
    pub(crate) fn job(message: impl Display) -> Self {
        Self::new(1, message)
    }

    /// The program was called wrongly, or cannot have what it was told to use.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(2, message)
    }

    fn new(status: u8, message: impl Display) -> Self {
        // One line, whatever a file name contains.
        let message = message.to_string().replace(['\n', '\r'], " ");
        Self { status, message }
    }
}

/// What `?` makes of an error: the job was begun.
impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::job(error)
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Reads the arguments and does the work. Everything that goes wrong is one
/// line on standard error and a status.
pub(crate) fn run<A: Parser>(work: impl FnOnce(A) -> Result<(), Failure>) -> ExitCode {
    match arguments().and_then(|arguments| arguments.map_or(Ok(()), work)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // There is nowhere left to report that standard error is closed.
            let _ = writeln!(io::stderr(), "error: {failure}");
            ExitCode::from(failure.status)
        }
    }
}

/// The arguments; none if they asked for help, which has been given.
fn arguments<A: Parser>() -> Result<Option<A>, Failure> {
    let error = match A::try_parse() {
        Ok(arguments) => return Ok(Some(arguments)),
        Err(error) => error,
    };
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        print(error.render())?;
        return Ok(None);
    }
    // Behind the first line clap repeats the usage.
    let text = error.render().to_string();
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    let message = lines.join(" ");
    Err(Failure::usage(
        message.strip_prefix("error: ").unwrap_or(&message),
    ))
}

/// Writes to standard output at once, and does not panic if nobody reads.
pub(crate) fn print(text: impl Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    write!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| Failure::job(format_args!("cannot write to standard output: {error}")))
}
