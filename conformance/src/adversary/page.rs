//! The page of the suite's own tests, which says what catches each adversary and
//! what became of the mutants.

use std::path::Path;
use std::{env, fs};

use super::coders::FINDINGS as OF_CODERS;
use super::findings::FINDINGS;
use super::mutants;
use crate::behaviour;

/// With this in the environment the page is written anew.
const WRITE: &str = "LOOPLINE_WRITE_PAGES";

/// Replaces what is between a mark and the next `end`.
fn fill(page: &str, mark: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- {mark} -->\n"), "<!-- end -->");
    let (before, rest) = page.split_once(&begin).expect(mark);
    let (_, after) = rest.split_once(end).expect("the end of a part");
    format!("{before}{begin}{text}{end}{after}")
}

fn row(name: &str, says: &str, cases: impl Iterator<Item = String>) -> String {
    let cases: Vec<_> = cases.map(|case| format!("`{case}`")).collect();
    format!("| {name} | {} | {} |\n", says.trim(), cases.join(", "))
}

fn adversaries() -> String {
    let of_backends = FINDINGS.iter().map(|(fault, _, cases)| {
        let cases = cases.iter().map(|case| format!("backend::{case}"));
        row(&format!("{fault:?}"), fault.says(), cases)
    });
    let of_coders = OF_CODERS.iter().map(|(fault, _, cases)| {
        let cases = cases.iter().map(|case| (*case).to_owned());
        row(&format!("{fault:?}"), fault.says(), cases)
    });
    let (backends, coders) = (FINDINGS.len(), OF_CODERS.len());
    let of_backends: String = of_backends.collect();
    let of_coders: String = of_coders.collect();
    let head = "\n| adversary | what is wrong with it | caught by |\n|---|---|---|\n";
    format!("{backends} backends:\n{head}{of_backends}\n{coders} coders:\n{head}{of_coders}")
}

#[test]
fn the_page_of_the_suite_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/conformance.md");
    let kept = fs::read_to_string(&path).expect("the page");
    let kept = kept.replace("\r\n", "\n");
    let coverage = format!("```text\n{}\n```\n", behaviour::coverage());
    let made = fill(&kept, "coverage", &coverage);
    let made = fill(&made, "adversaries", &adversaries());
    let made = fill(&made, "mutants", &mutants::page());
    if env::var_os(WRITE).is_some() {
        fs::write(&path, &made).expect("a page that can be written");
    }
    let kept = fs::read_to_string(&path).expect("the page");
    assert!(
        kept.replace("\r\n", "\n") == made,
        "docs/conformance.md is stale"
    );
}
