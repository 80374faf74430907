//! Tests of the suite itself: backends with one fault each, and the cases that
//! have to find it.
//!
//! A case that no fault fails would be one that cannot fail.

mod coders;
mod completing;
mod fault;
mod faulty;
mod findings;
mod mutants;
mod page;
mod simulated;

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use loopline_core::backend::Backend;

use self::completing::Completing;
use self::fault::Fault;
use self::faulty::Faulty;
use self::findings::{FINDINGS, Shows};
use self::simulated::Simulated;
use crate::Subject;
use crate::case::{Case, Layer};
use crate::cases::LAYERS;
use crate::cast::Cast;
use crate::context::Progress;
use crate::options::Options;
use crate::run::Run;
use crate::verdict::Verdict;

/// A backend with a fault.
struct Adversary(Fault);

impl Subject for Adversary {
    fn name(&self) -> &'static str {
        "adversary"
    }

    fn backend(&self) -> io::Result<Box<dyn Backend>> {
        let fault = self.0;
        if fault.is_of_jobs() {
            return Ok(Box::new(Completing::new(Some(fault))?));
        }
        if fault.is_of_clocks() || fault.is_of_networks() {
            return Ok(Box::new(Simulated::new(Some(fault))?));
        }
        Ok(Box::new(Faulty::new(fault)?))
    }
}

/// A backend without a fault, of a kind that is not this system's.
struct Right(fn() -> io::Result<Box<dyn Backend>>);

impl Subject for Right {
    fn name(&self) -> &'static str {
        "right"
    }

    fn backend(&self) -> io::Result<Box<dyn Backend>> {
        self.0()
    }
}

fn layer() -> &'static Layer {
    let layer = LAYERS.iter().find(|layer| layer.name == "backend");
    layer.expect("there is a layer of backends")
}

fn backend_cases() -> impl Iterator<Item = (String, &'static Case)> {
    let cases = layer().cases();
    cases.map(|(name, case)| (name.trim_start_matches("backend::").to_owned(), case))
}

fn verdict(subject: impl Subject, case: &'static Case, limit: Duration) -> Verdict {
    // This program is no suite, which could be run again for a case alone.
    let run = Run {
        name: case.name.to_owned(),
        cast: Cast::of_subject(Arc::new(subject)),
        layer: layer(),
        case,
    };
    run.judged_here(limit, Progress::default())
}

fn finds(fault: Fault, shows: Shows, name: &str) {
    let (_, case) = backend_cases()
        .find(|(other, _)| other == name)
        .expect(name);
    // What hangs does so for any time; what fails is given enough of it.
    let limit = match shows {
        Shows::Hanging => Duration::from_secs(1),
        Shows::Failing => Options::DEFAULT.limit,
    };
    let Verdict::Failed(why) = verdict(Adversary(fault), case, limit) else {
        panic!("{name} does not find {fault:?}");
    };
    let shown = if why.starts_with("no end after") {
        Shows::Hanging
    } else {
        Shows::Failing
    };
    assert_eq!(shown, shows, "{name} on {fault:?}: {why}");
}

fn findings(shows: Shows) -> impl Iterator<Item = (Fault, &'static str)> {
    let findings = FINDINGS.iter().filter(move |(_, how, _)| *how == shows);
    findings.flat_map(|(fault, _, names)| names.iter().map(|name| (*fault, *name)))
}

#[test]
fn faults_that_break_a_promise_are_found() {
    for (fault, name) in findings(Shows::Failing) {
        finds(fault, Shows::Failing, name);
    }
}

#[test]
fn faults_that_keep_one_waiting_are_found() {
    // All at once: each waits out its limit.
    thread::scope(|scope| {
        for (fault, name) in findings(Shows::Hanging) {
            scope.spawn(move || finds(fault, Shows::Hanging, name));
        }
    });
}

#[test]
fn every_case_finds_a_fault() {
    let found: BTreeSet<_> = FINDINGS.iter().flat_map(|(_, _, names)| *names).collect();
    for (name, _) in backend_cases() {
        assert!(found.contains(&name.as_str()), "nothing fails {name}");
    }
}

#[test]
fn every_fault_is_looked_for() {
    for fault in Fault::ALL {
        assert!(
            FINDINGS.iter().any(|(other, _, _)| other == fault),
            "{fault:?}"
        );
    }
}

/// The cases for what completes run on no backend of this system: on this one.
#[test]
fn a_backend_that_completes_passes() {
    for (name, case) in LAYERS
        .iter()
        .filter(|layer| layer.name == "backend")
        .flat_map(Layer::cases)
    {
        let right = Right(|| Ok(Box::new(Completing::new(None)?)));
        let verdict = verdict(right, case, Options::DEFAULT.limit);
        let lacks = matches!(verdict, Verdict::NotApplicable(_)) && is_of_simulations(case);
        assert!(
            lacks || matches!(verdict, Verdict::Passed),
            "{name}: {verdict:?}"
        );
    }
}

fn is_of_simulations(case: &Case) -> bool {
    matches!(case.line, "B15" | "B16")
}

/// The faults of simulations are in what has none of them without.
#[test]
fn a_simulation_passes() {
    for (name, case) in backend_cases().filter(|(_, case)| is_of_simulations(case)) {
        let right = Right(|| Ok(Box::new(Simulated::new(None)?)));
        let verdict = verdict(right, case, Options::DEFAULT.limit);
        let lacks = matches!(verdict, Verdict::NotApplicable(_)) && case.sockets.is_none();
        assert!(
            lacks || matches!(verdict, Verdict::Passed),
            "{name}: {verdict:?}"
        );
    }
}
