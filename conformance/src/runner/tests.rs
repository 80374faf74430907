use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc;
use std::time::Duration;

use loopline_core::backend::{
    Backend, Capabilities, Events, Interest, Key, Rewatched, Source, Waker,
};

use super::*;
use crate::case::{Case, Need, case};
use crate::context::{Context, Progress};
use crate::verdict::{Outcome, Stop, Verdict};

/// A backend that can be made, and nothing else.
struct Stub;

impl Backend for Stub {
    fn name(&self) -> &'static str {
        "stub"
    }
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }
    fn watch(&mut self, _: Source<'_>, _: Key, _: Interest) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn rewatch(&mut self, _: Source<'_>, _: Key, _: Interest) -> io::Result<Rewatched> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn unwatch(&mut self, _: Source<'_>, _: Key) -> io::Result<()> {
        Ok(())
    }
    fn wait(&mut self, _: Option<Duration>, _: &mut Events) -> io::Result<()> {
        Ok(())
    }
    fn waker(&self) -> Waker {
        struct Nobody;
        impl loopline_core::backend::Wake for Nobody {
            fn wake(&self) {}
        }
        Waker::new(Arc::new(Nobody))
    }
}

/// How the subject of a test is.
#[derive(Default)]
struct Test {
    unmakable: bool,
    expectations: Vec<Expectation>,
}

impl Subject for Test {
    fn name(&self) -> &'static str {
        "test"
    }
    fn backend(&self) -> io::Result<Box<dyn Backend>> {
        if self.unmakable {
            return Err(io::Error::other("out of stubs"));
        }
        Ok(Box::new(Stub))
    }
    fn expectations(&self) -> Vec<Expectation> {
        self.expectations.clone()
    }
}

fn passes(context: &Context) -> Outcome {
    context.backend().map(drop)
}

fn fails(_: &Context) -> Outcome {
    Err(Stop::failed("it does not hold"))
}

fn panics(context: &Context) -> Outcome {
    context.doing("counting");
    panic!("one is missing");
}

fn skips(_: &Context) -> Outcome {
    Err(Stop::skipped("a second machine"))
}

fn hangs(context: &Context) -> Outcome {
    context.doing("waiting for nothing");
    let (_keep, never) = mpsc::channel::<()>();
    Ok(never.recv()?)
}

const PASSES: Case = case!(X1, passes, "It passes.");
const FAILS: Case = case!(X2, fails, "It fails.");
const PANICS: Case = case!(X3, panics, "It panics.");
const SKIPS: Case = case!(X4, skips, "It skips.");
const HANGS: Case = case!(X5, hangs, "It hangs.");
const LACKS: Case = case!(X6, fails, "It needs what a stub lacks.").needs(Need::SEND_FILE);
const LACKS_OTHERWISE: Case = LACKS.otherwise(passes);

const LAYERS: &[Layer] = &[Layer {
    name: "layer",
    per: Per::Subject,
    sockets: false,
    tables: &[&[PASSES, FAILS], &[SKIPS]],
    left_out: &[],
}];

fn run(subject: Test, case: &'static Case) -> Run {
    Run {
        name: "a test".to_owned(),
        cast: Cast::of_subject(Arc::new(subject)),
        layer: &LAYERS[0],
        case,
    }
}

fn judged(subject: Test, case: &'static Case) -> Verdict {
    let limit = Options::DEFAULT.limit;
    run(subject, case).judged_here(limit, Progress::default())
}

/// What comes of a case that is given up soon.
fn given_up(case: &'static Case) -> Verdict {
    let limit = Duration::from_millis(50);
    run(Test::default(), case).judged_here(limit, Progress::default())
}

fn failure(verdict: Verdict) -> String {
    match verdict {
        Verdict::Failed(why) => why,
        other => panic!("not a failure: {other:?}"),
    }
}

/// Runs the entries of a subject: their names, and whether they failed.
fn results(subject: Test, strict: bool) -> BTreeMap<String, bool> {
    let options = Options {
        strict,
        ..Options::DEFAULT
    };
    let subject: Arc<dyn Subject> = Arc::new(subject);
    let entries = entries(&[subject], &[], LAYERS, &|_| true).into_iter();
    let results = entries.map(|entry| (entry.name, entry.check.settled(options).outcome));
    results
        .map(|(name, outcome)| (name, outcome == report::Outcome::Failed))
        .collect()
}

#[test]
fn a_verdict_is_what_the_body_says() {
    assert_eq!(judged(Test::default(), &PASSES), Verdict::Passed);
    assert!(failure(judged(Test::default(), &FAILS)).starts_with("it does not hold"));
    let skipped = judged(Test::default(), &SKIPS);
    assert_eq!(skipped, Verdict::Skipped("a second machine".into()));
}

#[test]
fn a_failure_tells_how_far_it_came_and_what_was_promised() {
    let why = failure(judged(Test::default(), &PANICS));
    for part in ["one is missing", "while: counting", "X3: It panics."] {
        assert!(why.contains(part), "{part} is not in: {why}");
    }
}

#[test]
fn a_hang_is_a_failure_that_tells_what_was_waited_for() {
    let why = failure(given_up(&HANGS));
    assert!(why.starts_with("no end after 50ms"), "{why}");
    assert!(why.contains("while: waiting for nothing"), "{why}");
}

#[test]
fn a_hang_leaves_the_process_to_the_others() {
    const ALONE: Case = PASSES.isolated();
    failure(given_up(&HANGS));
    assert_eq!(judged(Test::default(), &ALONE), Verdict::Passed);
}

#[test]
fn a_backend_that_cannot_be_made_is_a_failure() {
    for case in [&PASSES, &LACKS_OTHERWISE] {
        let subject = Test {
            unmakable: true,
            ..Test::default()
        };
        let why = failure(judged(subject, case));
        assert!(why.contains("out of stubs"), "{why}");
        assert!(why.contains("making a backend"), "{why}");
    }
}

#[test]
fn a_case_for_the_lack_runs_where_there_is_one() {
    let lack = judged(Test::default(), &LACKS);
    assert_eq!(lack, Verdict::NotApplicable("send_file".into()));
    assert_eq!(judged(Test::default(), &LACKS_OTHERWISE), Verdict::Passed);
}

#[test]
fn entries_are_named_after_subject_layer_line_and_body() {
    let results = results(Test::default(), false);
    let expected = [
        ("test::layer::X1_passes", false),
        ("test::layer::X2_fails", true),
        ("test::layer::X4_skips", false),
        ("test::suite::every_expectation_names_a_case", false),
    ];
    let expected = expected.map(|(name, failed)| (name.to_owned(), failed));
    assert_eq!(results, BTreeMap::from(expected));
}

#[test]
fn strictness_reaches_the_entries() {
    assert!(results(Test::default(), true)["test::layer::X4_skips"]);
}

#[test]
fn declarations_reach_the_entries() {
    let expectations = vec![
        Expectation::failure("layer::X1_passes", "stale"),
        Expectation::failure("layer::X2_fails", "known"),
    ];
    let results = results(
        Test {
            expectations,
            ..Test::default()
        },
        false,
    );
    assert!(
        results["test::layer::X1_passes"],
        "a stale declaration goes unnoticed"
    );
    assert!(
        !results["test::layer::X2_fails"],
        "a declared failure fails the run"
    );
    assert!(!results["test::suite::every_expectation_names_a_case"]);
}

#[test]
fn a_declaration_that_names_no_case_fails_the_run() {
    let expectations = vec![Expectation::failure("layer::X1_misspelt", "known")];
    let results = results(
        Test {
            expectations,
            ..Test::default()
        },
        false,
    );
    assert!(results["test::suite::every_expectation_names_a_case"]);
}
