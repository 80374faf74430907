//! From cases to trials, and from a trial to its verdict.

use std::sync::{Arc, PoisonError, RwLock};

use libtest_mimic::Trial;

use crate::case::{Body, Case, Layer, Per};
use crate::cast::Cast;
use crate::context::{Context, Progress};
use crate::options::Options;
use crate::report::{self, CaseResult, Results};
use crate::verdict::{Outcome, Settled, Stop, Verdict};
use crate::watchdog::{self, Ended};
use crate::{Expectation, Subject, TlsCoder};

/// Cases share it, and one that has to be alone takes it whole. Held by who
/// waits for a case and not by the case, so that one that hangs blocks nobody.
static ALONE: RwLock<()> = RwLock::new(());

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
    pub(crate) run: Box<dyn FnOnce() -> Settled + Send>,
}

impl Entry {
    /// A trial that leaves what came of it with the results.
    pub(crate) fn trial(self, results: &Results, options: Options) -> Trial {
        let results = results.clone();
        Trial::ignorable_test(self.name.clone(), move || {
            let Settled { outcome, detail } = if options.fail_fast && results.has_failed() {
                Settled::not_begun()
            } else {
                (self.run)()
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
    options: Options,
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
                entries.push(entry(
                    cast.clone(),
                    layer.name,
                    (&name, case),
                    expected,
                    options,
                ));
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

fn entry(
    cast: Cast,
    layer: &'static str,
    (name, case): (&str, &'static Case),
    expected: Option<Expectation>,
    options: Options,
) -> Entry {
    let name = format!("{}::{name}", cast.name());
    let thread = name.clone();
    let (backend, coder) = (cast.backend_name(), cast.coder_name());
    let run = move || {
        let verdict = judge(cast, &thread, case, options);
        verdict.settle(expected.as_ref(), options.strict)
    };
    Entry {
        name,
        backend,
        coder,
        layer,
        line: Some(case.line),
        says: case.says,
        run: Box::new(run),
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
        run: Box::new(move || every_one_names_a_case(&declared, layers)),
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

/// Runs a case and says what came of it.
pub(crate) fn judge(cast: Cast, name: &str, case: &'static Case, options: Options) -> Verdict {
    let (_alone, _shared);
    if case.alone {
        _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
    } else {
        _shared = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    }
    let progress = Progress::default();
    let context = Context::new(cast, progress.clone());
    let ended = watchdog::watch(name, options.limit, move || applied(&context, case));
    let verdict = match ended {
        Err(error) => Verdict::Failed(format!("no thread for the case: {error}")),
        Ok(Ended::Returned(Ok(Applied::Ran(outcome)))) => outcome.into(),
        Ok(Ended::Returned(Ok(Applied::Lacks(lack)))) => Verdict::NotApplicable(lack),
        Ok(Ended::Returned(Err(stop))) => Verdict::from(Err(stop)),
        Ok(Ended::Panicked(why)) => Verdict::Failed(why),
        Ok(Ended::Late) => Verdict::Failed(format!("no end after {:?}", options.limit)),
    };
    match verdict {
        Verdict::Failed(why) => Verdict::Failed(report(case, &why, &progress.get())),
        other => other,
    }
}

enum Applied {
    Ran(Outcome),
    Lacks(&'static str),
}

/// Runs the body of the case that applies to the subject, if there is one.
fn applied(context: &Context, case: &Case) -> Result<Applied, Stop> {
    let body: Body = match case.needs {
        None => case.body,
        Some(need) if (need.met)(&context.backend()?.capabilities()) => case.body,
        Some(need) => match case.otherwise {
            Some(otherwise) => otherwise,
            None => return Ok(Applied::Lacks(need.name)),
        },
    };
    context.doing("beginning");
    Ok(Applied::Ran(body(context)))
}

fn report(case: &Case, why: &str, progress: &str) -> String {
    format!("{why}\n  while: {progress}\n  {}: {}", case.line, case.says)
}

#[cfg(test)]
mod tests;
