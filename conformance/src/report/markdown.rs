//! A report as a page for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::{CaseResult, Outcome, Report};
use crate::cases::LAYERS;

/// How many cases came to what.
type Counts = BTreeMap<Outcome, usize>;
/// A system, a backend and a coder.
type Row<'a> = (&'a str, &'a str, &'a str);

const NOBODY: &str = "–";

/// The table of who ran by area, and then whatever did not simply pass.
pub(super) fn page(report: &Report) -> String {
    let mut page = String::from("# Conformance\n\n");
    let mut total = Counts::new();
    for result in &report.results {
        *total.entry(result.outcome).or_default() += 1;
    }
    let cases = report.results.len();
    push(
        &mut page,
        format_args!("{cases} cases: {}.\n\n", spelt(&total)),
    );
    table(&mut page, report);
    page.push_str(
        "\nA number alone counts the cases that passed; n/a: the subject or its system\n",
    );
    page.push_str("is not capable of it; expected: it fails, and that was declared.\n");
    section(&mut page, report, "Failed", Outcome::Failed);
    section(
        &mut page,
        report,
        "Failed as expected",
        Outcome::ExpectedFailure,
    );
    section(&mut page, report, "Skipped", Outcome::Skipped);
    section(&mut page, report, "Not applicable", Outcome::NotApplicable);
    page
}

fn table(page: &mut String, report: &Report) {
    let mut cells = BTreeMap::<(Row<'_>, &str), Counts>::new();
    for result in &report.results {
        let cell = cells.entry((row(result), &result.layer)).or_default();
        *cell.entry(result.outcome).or_default() += 1;
    }
    let rows: BTreeSet<_> = cells.keys().map(|(row, _)| *row).collect();
    let areas = areas(report);
    push(
        page,
        format_args!("| system | backend | coder | {} |\n", areas.join(" | ")),
    );
    push(
        page,
        format_args!("|---|---|---|{}\n", "--:|".repeat(areas.len())),
    );
    for row in rows {
        let (system, backend, coder) = row;
        push(page, format_args!("| {system} | {backend} | {coder} |"));
        for area in &areas {
            let counts = cells.get(&(row, *area));
            push(
                page,
                format_args!(" {} |", counts.map_or_else(String::new, cell)),
            );
        }
        page.push('\n');
    }
}

/// The areas that occur, in the order of the suite.
fn areas(report: &Report) -> Vec<&str> {
    let occurring: BTreeSet<_> = report
        .results
        .iter()
        .map(|result| result.layer.as_str())
        .collect();
    let known = LAYERS.iter().map(|layer| layer.name);
    let mut areas: Vec<_> = known.filter(|name| occurring.contains(name)).collect();
    let others = occurring.into_iter().filter(|name| !areas.contains(name));
    let others: Vec<_> = others.collect();
    areas.extend(others);
    areas
}

fn row<'a>(result: &'a CaseResult) -> Row<'a> {
    let name = |name: &'a Option<String>| name.as_deref().unwrap_or(NOBODY);
    (&result.system, name(&result.backend), name(&result.coder))
}

/// A cell: what passed as a bare number, and anything else by its name.
fn cell(counts: &Counts) -> String {
    let parts = counts.iter().map(|(outcome, count)| match outcome {
        Outcome::Passed => count.to_string(),
        Outcome::Failed => format!("**{count} failed**"),
        other => format!("{count} {}", word(*other)),
    });
    parts.collect::<Vec<_>>().join(", ")
}

fn spelt(counts: &Counts) -> String {
    let all = [
        Outcome::Passed,
        Outcome::Failed,
        Outcome::NotApplicable,
        Outcome::Skipped,
        Outcome::ExpectedFailure,
    ];
    let count = |outcome| counts.get(&outcome).copied().unwrap_or(0);
    let parts = all.map(|outcome| format!("{} {}", count(outcome), word(outcome)));
    parts.join(", ")
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::NotApplicable => "n/a",
        Outcome::Skipped => "skipped",
        Outcome::ExpectedFailure => "expected",
    }
}

/// The cases with one outcome, each reason once.
fn section(page: &mut String, report: &Report, title: &str, outcome: Outcome) {
    let mut reasons = BTreeMap::<&str, Vec<String>>::new();
    for result in report
        .results
        .iter()
        .filter(|result| result.outcome == outcome)
    {
        let reason = result.detail.as_deref().unwrap_or_default();
        let case = format!("`{}` on {}", result.name, result.system);
        reasons.entry(reason).or_default().push(case);
    }
    if reasons.is_empty() {
        return;
    }
    push(page, format_args!("\n## {title}\n"));
    for (reason, cases) in reasons {
        page.push('\n');
        for line in reason.lines() {
            push(page, format_args!("    {line}\n"));
        }
        page.push('\n');
        for case in cases {
            push(page, format_args!("- {case}\n"));
        }
    }
}

/// Writing to a string cannot fail.
fn push(page: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = page.write_fmt(text);
}
