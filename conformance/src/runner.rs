//! From cases to trials.

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::case::{Layer, Per};
use crate::cast::Cast;
use crate::options::Options;
use crate::report::{self, CaseResult, Results};
use crate::run::Run;
use crate::verdict::Settled;
use crate::{Expectation, Subject, TlsCoder};

/// The layer that reports name for what is no case.
const LEDGERS: &str = "suite";

/// What a trial runs, what it is called, and what it is about.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) backend: Option<String>,
    pub(crate) coder: Option<String>,
    pub(crate) layer: &'static str,
    /// The clause or line, if there is one.
    pub(crate) line: Option<&'static str>,
    /// What holds, in one sentence.
    pub(crate) says: &'static str,
    pub(crate) check: Check,
}

/// What a trial does.
pub(crate) enum Check {
    /// It runs a case, which may be declared to fail.
    Case(Run, Option<Expectation>),
    /// It looks at what is declared.
    Ledger(Box<dyn FnOnce() -> Settled + Send>),
}

impl Check {
    pub(crate) fn settled(self, options: Options) -> Settled {
        match self {
            Self::Case(run, expected) => {
                let verdict = run.judged(options);
                verdict.settle(expected.as_ref(), options.strict)
            }
            Self::Ledger(check) => check(),
        }
    }
}

impl Entry {
    /// A trial that leaves what came of it with the results.
    pub(crate) fn trial(self, results: &Results, options: Options) -> Trial {
        let results = results.clone();
        Trial::ignorable_test(self.name.clone(), move || {
            let Settled { outcome, detail } = if options.fail_fast && results.has_failed() {
                Settled::not_begun()
            } else {
                self.check.settled(options)
            };
            results.add(CaseResult {
                system: report::system(),
                backend: self.backend,
                coder: self.coder,
                layer: self.layer.to_owned(),
                line: self.line.map(str::to_owned),
                name: self.name,
                says: self.says.to_owned(),
                outcome,
                detail: detail.clone(),
            });
            Settled { outcome, detail }.completion()
        })
    }
}

/// One entry for each case of the chosen layers and whoever it is for, and one
/// for each ledger.
pub(crate) fn entries(
    subjects: &[Arc<dyn Subject>],
    coders: &[TlsCoder],
    layers: &'static [Layer],
    chosen: &dyn Fn(&Layer) -> bool,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    for layer in layers.iter().filter(|layer| chosen(layer)) {
        let per = Cast::all(layer.per, subjects, coders).into_iter();
        let mut casts: Vec<_> = per.map(|cast| (cast, false)).collect();
        if layer.per == Per::Subject {
            let over_tls = Cast::all(Per::SubjectAndCoder, subjects, coders);
            casts.extend(over_tls.into_iter().map(|cast| (cast, true)));
        }
        for (cast, over_tls) in casts {
            let ledger = cast.expectations();
            for (name, case) in layer.cases().filter(|(_, case)| !over_tls || case.over_tls) {
                let expected = ledger.iter().find(|entry| entry.covers(&name)).cloned();
                let run = Run {
                    name: format!("{}::{name}", cast.name()),
                    cast: cast.clone(),
                    layer,
                    case,
                };
                entries.push(entry(run, expected));
            }
        }
    }
    let of_subjects = subjects.iter().map(|subject| Entry {
        backend: Some(subject.name().to_owned()),
        ..ledger(subject.name(), subject.expectations(), layers)
    });
    let of_coders = coders.iter().map(|coder| Entry {
        coder: Some(coder.name().to_owned()),
        ..ledger(coder.name(), coder.expectations().to_vec(), layers)
    });
    entries.extend(of_subjects.chain(of_coders));
    entries
}

fn entry(run: Run, expected: Option<Expectation>) -> Entry {
    Entry {
        name: run.name.clone(),
        backend: run.cast.backend_name(),
        coder: run.cast.coder_name(),
        layer: run.layer.name,
        line: Some(run.case.line),
        says: run.case.says,
        check: Check::Case(run, expected),
    }
}

/// Checks what a subject or a coder declares.
fn ledger(name: &str, declared: Vec<Expectation>, layers: &'static [Layer]) -> Entry {
    Entry {
        name: format!("{name}::{LEDGERS}::every_expectation_names_a_case"),
        backend: None,
        coder: None,
        layer: LEDGERS,
        line: None,
        says: "Every failure that is declared is that of a case.",
        check: Check::Ledger(Box::new(move || every_one_names_a_case(&declared, layers))),
    }
}

/// Fails for what a subject declares of cases that do not exist.
fn every_one_names_a_case(declared: &[Expectation], layers: &[Layer]) -> Settled {
    let names: Vec<_> = layers
        .iter()
        .flat_map(Layer::cases)
        .map(|(name, _)| name)
        .collect();
    for entry in declared {
        if !names.iter().any(|name| entry.covers(name)) {
            return Settled::failed(format!("no case is called `{}`", entry.case()));
        }
    }
    Settled::PASSED
}

#[cfg(test)]
mod tests;
