//! The entry for test programs.

use std::collections::HashSet;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};

use crate::case;
use crate::options::Options;
use crate::{Layer, Subject, TlsCoder, cases, runner, watchdog};

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
        let line = self.options.take_from(line)?;
        if line
            .iter()
            .any(|argument| argument == "--help" || argument == "-h")
        {
            println!("{}", Options::HELP);
        }
        let arguments = Arguments::from_iter(line);
        let trials = self.trials(layers)?;
        refuse_to_run_nothing(&arguments, &trials)?;
        watchdog::collect_panics();
        Ok(libtest_mimic::run(&arguments, trials).exit_code())
    }

    fn trials(self, layers: &'static [case::Layer]) -> Result<Vec<Trial>, String> {
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
        let entries = runner::entries(&self.subjects, &self.coders, layers, &chosen, self.options);
        Ok(entries.into_iter().map(Trial::from).collect())
    }
}

impl Default for Suite {
    fn default() -> Self {
        Self::new()
    }
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
