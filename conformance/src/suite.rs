//! The entry for test programs.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Conclusion, Trial};

use crate::case;
use crate::options::Options;
use crate::report::{Results, Wanted};
use crate::runner::{Check, Entry};
use crate::{Layer, Subject, TlsCoder, cases, isolated, runner, watchdog};

/// What a test program that could not even start ends with.
const UNUSABLE: u8 = 2;

/// Runs the suite over one subject, with the options of the command line.
///
/// The exit code is 0 if nothing failed, 101 if something did, and 2 if there
/// was nothing to run.
#[must_use]
pub fn main(subject: impl Subject) -> ExitCode {
    Suite::new().subject(subject).main()
}

/// The suite over any number of subjects.
///
/// ```no_run
/// # use std::{io, process::ExitCode};
/// # use loopline_conformance::{Subject, Suite};
/// # use loopline_core::backend::Backend;
/// # struct Mine(&'static str);
/// # impl Subject for Mine {
/// #     fn name(&self) -> &'static str { self.0 }
/// #     fn backend(&self) -> io::Result<Box<dyn Backend>> { Err(io::ErrorKind::Unsupported.into()) }
/// # }
/// fn main() -> ExitCode {
///     Suite::new().subject(Mine("one")).subject(Mine("other")).main()
/// }
/// ```
#[must_use]
pub struct Suite {
    subjects: Vec<Arc<dyn Subject>>,
    coders: Vec<TlsCoder>,
    layers: Option<Vec<Layer>>,
    options: Options,
}

impl Suite {
    /// A suite without a subject.
    pub fn new() -> Self {
        Self {
            subjects: Vec::new(),
            coders: Vec::new(),
            layers: None,
            options: Options::DEFAULT,
        }
    }

    /// Adds a subject. Its name has to differ from the others'.
    pub fn subject(mut self, subject: impl Subject) -> Self {
        let coders = subject.coders();
        self.subjects.push(Arc::new(subject));
        coders.into_iter().fold(self, Self::coder)
    }

    /// Adds a TLS coder, to be run as both sides of every pair of coders
    /// ([`Layer::Coder`]). Those of the subjects are there already; one of a
    /// known name is the same.
    pub fn coder(mut self, coder: TlsCoder) -> Self {
        if !self.coders.iter().any(|one| one.name() == coder.name()) {
            self.coders.push(coder);
        }
        self
    }

    /// Runs only these layers, instead of all: the crate of a backend runs
    /// `[Layer::Backend]`.
    pub fn layers(mut self, layers: impl IntoIterator<Item = Layer>) -> Self {
        self.layers = Some(layers.into_iter().collect());
        self
    }

    /// Makes a case that has to be skipped a failure, as `--strict` does.
    pub fn strict(mut self) -> Self {
        self.options.strict = true;
        self
    }

    /// Runs each case in a process of its own, as `--isolate` does.
    pub fn isolate(mut self) -> Self {
        self.options.isolate = true;
        self
    }

    /// How long one case may take, unless `--limit` says otherwise.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.options.limit = limit;
        self
    }

    /// Runs what the command line asks for. See [`main`] for the exit code.
    #[must_use]
    pub fn main(self) -> ExitCode {
        match self.run(std::env::args(), cases::LAYERS) {
            Ok(code) => code,
            Err(why) => {
                eprintln!("error: {why}");
                ExitCode::from(UNUSABLE)
            }
        }
    }

    fn run(
        mut self,
        line: impl Iterator<Item = String>,
        layers: &'static [case::Layer],
    ) -> Result<ExitCode, String> {
        let mut wanted = Wanted::default();
        let line = wanted.take_from(self.options.take_from(line)?)?;
        if line
            .iter()
            .any(|argument| argument == "--help" || argument == "-h")
        {
            println!("{}{}", Options::HELP, Wanted::HELP);
        }
        let arguments = Arguments::from_iter(line);
        let options = self.options;
        let entries = self.entries(layers)?;
        if let Some(diary) = isolated::asked_for() {
            return run_one(&arguments, entries, options.limit, &diary);
        }
        if arguments.list && !arguments.quiet && arguments.format.is_none() {
            list(&arguments, entries);
            return Ok(ExitCode::SUCCESS);
        }
        let results = Results::default();
        let entries = entries.into_iter();
        let trials = entries.map(|entry| entry.trial(&results, options));
        let trials: Vec<_> = trials.collect();
        refuse_to_run_nothing(&arguments, &trials)?;
        watchdog::collect_panics();
        let conclusion = match wanted.format {
            Some(format) if !arguments.list => {
                let mut place = wanted.place()?;
                let conclusion = match wanted.output {
                    Some(_) => libtest_mimic::run(&arguments, trials),
                    None => run_aside(arguments, trials)?,
                };
                let text = format.of(&results.report());
                let written = text.and_then(|text| place.write_all(text.as_bytes()));
                written.map_err(|error| format!("the report cannot be written: {error}"))?;
                conclusion
            }
            _ => libtest_mimic::run(&arguments, trials),
        };
        Ok(conclusion.exit_code())
    }

    fn entries(self, layers: &'static [case::Layer]) -> Result<Vec<Entry>, String> {
        if self.subjects.is_empty() && self.coders.is_empty() {
            return Err("there is no subject to run the suite over".into());
        }
        let mut names = HashSet::new();
        let subjects = self.subjects.iter().map(|subject| subject.name());
        for name in subjects.chain(self.coders.iter().map(TlsCoder::name)) {
            if !names.insert(name) {
                return Err(format!("two subjects are called `{name}`"));
            }
        }
        let chosen = |layer: &case::Layer| match &self.layers {
            Some(chosen) => chosen.iter().any(|one| one.name() == layer.name),
            None => true,
        };
        let (subjects, coders) = (&self.subjects, &self.coders);
        Ok(runner::entries(subjects, coders, layers, &chosen))
    }
}

impl Default for Suite {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs the one case for which this process was made. A program may run several
/// suites, of which one has it.
fn run_one(
    arguments: &Arguments,
    entries: Vec<Entry>,
    limit: Duration,
    diary: &Path,
) -> Result<ExitCode, String> {
    let wanted = arguments.filter.as_ref();
    let entry = entries
        .into_iter()
        .find(|entry| Some(&entry.name) == wanted);
    if let Some(Check::Case(run, _)) = entry.map(|entry| entry.check) {
        watchdog::collect_panics();
        let told = isolated::run(&run, limit, diary);
        told.map_err(|error| format!("what came of the case cannot be told: {error}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Lists the cases for people, each with its line and what holds. The first line
/// of each is what every test program lists.
fn list(arguments: &Arguments, entries: Vec<Entry>) {
    for entry in entries {
        let Entry { line, says, .. } = entry;
        let trial = entry.trial(&Results::default(), Options::DEFAULT);
        if arguments.is_filtered_out(&trial) {
            continue;
        }
        println!("{}: test", trial.name());
        match line {
            Some(line) => println!("    {line}: {says}"),
            None => println!("    {says}"),
        }
    }
}

/// Runs with the standard output kept free for a report: what is usually printed
/// there goes to the standard error, once the run is over.
fn run_aside(mut arguments: Arguments, trials: Vec<Trial>) -> Result<Conclusion, String> {
    if arguments.logfile.is_some() {
        return Ok(libtest_mimic::run(&arguments, trials));
    }
    let error = |error: io::Error| format!("no file for what is printed: {error}");
    let printed = tempfile::NamedTempFile::new().map_err(error)?;
    let path = printed.path().to_str();
    arguments.logfile = Some(
        path.ok_or("the folder for temporary files is no text")?
            .into(),
    );
    let conclusion = libtest_mimic::run(&arguments, trials);
    io::copy(&mut printed.reopen().map_err(error)?, &mut io::stderr()).map_err(error)?;
    Ok(conclusion)
}

/// A filter with a typing error must not look like success.
///
/// Lists are let through: a tool that asks for one, such as cargo-nextest, asks
/// by exact names afterwards, and those exist.
fn refuse_to_run_nothing(arguments: &Arguments, trials: &[Trial]) -> Result<(), String> {
    let chosen = trials.iter().any(|trial| !arguments.is_filtered_out(trial));
    let filtered = arguments.filter.is_some() || !arguments.skip.is_empty();
    if chosen || arguments.list || !filtered {
        return Ok(());
    }
    let filter = arguments.filter.as_deref().unwrap_or("--skip");
    Err(format!("`{filter}` leaves none of {} cases", trials.len()))
}

#[cfg(test)]
mod tests;
