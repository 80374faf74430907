use super::*;

fn result(system: &str, backend: &str, layer: &str, outcome: Outcome) -> CaseResult {
    CaseResult {
        system: system.into(),
        backend: Some(backend.into()),
        coder: None,
        layer: layer.into(),
        line: Some("B4".into()),
        name: format!("{backend}::{layer}::B4_{outcome:?}"),
        says: "It holds.".into(),
        outcome,
        detail: (outcome != Outcome::Passed).then(|| format!("because of {outcome:?}")),
    }
}

fn one_of_each() -> Report {
    let outcomes = [
        Outcome::Passed,
        Outcome::Failed,
        Outcome::NotApplicable,
        Outcome::Skipped,
        Outcome::ExpectedFailure,
    ];
    Report::new(
        outcomes
            .map(|outcome| result("one", "epoll", "backend", outcome))
            .into(),
    )
}

#[test]
fn what_is_written_is_read() {
    let report = one_of_each();
    let text = report.json().expect("text");
    assert_eq!(Report::parse(&text), Ok(report));
}

#[test]
fn what_is_no_report_is_refused() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"version":1}"#,
        r#"{"version":1,"results":[{}]}"#,
    ] {
        let why = Report::parse(text).expect_err(text);
        assert!(why.starts_with("no report"), "{text}: {why}");
    }
    let why = Report::parse(r#"{"version":2,"anything":0}"#).expect_err("another version");
    assert!(why.contains("version 2"), "{why}");
}

#[test]
fn the_table_counts_each_outcome() {
    let page = one_of_each().markdown();
    for part in [
        "5 cases: 1 passed, 1 failed, 1 n/a, 1 skipped, 1 expected.",
        "| system | backend | coder | backend |",
        "| one | epoll | – | 1, **1 failed**, 1 n/a, 1 skipped, 1 expected |",
        "because of Failed",
        "- `epoll::backend::B4_Skipped` on one",
    ] {
        assert!(page.contains(part), "`{part}` is not in:\n{page}");
    }
}

#[test]
fn runs_of_several_systems_are_rows_of_one_table() {
    let here = Report::new(vec![result("here", "epoll", "backend", Outcome::Passed)]);
    let there = Report::new(vec![
        result("there", "kqueue", "backend", Outcome::Passed),
        result("there", "kqueue", "watch", Outcome::Passed),
    ]);
    let merged = Report::merge([here, there]).expect("different systems");
    let page = merged.markdown();
    assert!(page.contains("| here | epoll | – | 1 |  |"), "{page}");
    assert!(page.contains("| there | kqueue | – | 1 | 1 |"), "{page}");
    assert!(!merged.has_failed());
}

#[test]
fn one_case_with_two_results_is_refused() {
    let why = Report::merge([one_of_each(), one_of_each()]).expect_err("the same cases");
    assert!(why.contains("epoll::backend::B4_Passed"), "{why}");
    assert!(one_of_each().has_failed());
}
