//! From cases to trials, and from a trial to its verdict.

use std::sync::{Arc, PoisonError, RwLock};

use libtest_mimic::{Completion, Failed, Trial};

use crate::case::{Body, Case, Layer, Per};
use crate::cast::Cast;
use crate::context::{Context, Progress};
use crate::options::Options;
use crate::verdict::{Outcome, Stop, Verdict};
use crate::watchdog::{self, Ended};
use crate::{Expectation, Subject, TlsCoder};

/// Cases share it, and one that has to be alone takes it whole. Held by who
/// waits for a case and not by the case, so that one that hangs blocks nobody.
static ALONE: RwLock<()> = RwLock::new(());

/// What a trial runs, and what it is called.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) run: Box<dyn FnOnce() -> Result<Completion, Failed> + Send>,
}

impl From<Entry> for Trial {
    fn from(entry: Entry) -> Self {
        Self::ignorable_test(entry.name, entry.run)
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
                entries.push(entry(cast.clone(), &name, case, expected, options));
            }
        }
    }
    let of_subjects = subjects
        .iter()
        .map(|subject| (subject.name(), subject.expectations()));
    let of_coders = coders
        .iter()
        .map(|coder| (coder.name(), coder.expectations().to_vec()));
    entries.extend(of_subjects.chain(of_coders).map(|(name, ledger)| Entry {
        name: format!("{name}::suite::every_expectation_names_a_case"),
        run: Box::new(move || every_one_names_a_case(&ledger, layers)),
    }));
    entries
}

fn entry(
    cast: Cast,
    name: &str,
    case: &'static Case,
    expected: Option<Expectation>,
    options: Options,
) -> Entry {
    let name = format!("{}::{name}", cast.name());
    let thread = name.clone();
    let run = move || {
        let verdict = judge(cast, &thread, case, options);
        verdict.settle(expected.as_ref(), options.strict)
    };
    Entry {
        name,
        run: Box::new(run),
    }
}

/// Fails for what a subject declares of cases that do not exist.
fn every_one_names_a_case(ledger: &[Expectation], layers: &[Layer]) -> Result<Completion, Failed> {
    let names: Vec<_> = layers
        .iter()
        .flat_map(Layer::cases)
        .map(|(name, _)| name)
        .collect();
    for entry in ledger {
        if !names.iter().any(|name| entry.covers(name)) {
            return Err(format!("no case is called `{}`", entry.case()).into());
        }
    }
    Ok(Completion::Completed)
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
