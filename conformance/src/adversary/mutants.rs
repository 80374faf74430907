//! Small changes of the core, and the cases that have to find them: the result
//! of a run that takes too long for every time.

use std::fmt::Write;

use serde::Deserialize;

/// What `.ci/mutants` has written.
const SAMPLE: &str = include_str!("../../mutants/sample.json");
/// What people have written about it.
const FINDINGS: &str = include_str!("../../mutants/findings.json");

/// One run.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    seed: String,
    /// How many mutants there are to choose from.
    known: usize,
    tool: String,
    mutants: Vec<Examined>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Examined {
    mutant: String,
    verdict: Outcome,
    /// The test that failed first, where one did.
    by: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Caught,
    Missed,
    /// It does not compile.
    Unviable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Findings {
    /// Why a mutant that is missed changes no behaviour.
    equivalent: Vec<Equivalent>,
    /// Tests that are there, or look closer, because a mutant was missed once.
    added: Vec<Added>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Equivalent {
    mutant: String,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Added {
    mutant: String,
    test: String,
}

fn sample() -> Sample {
    serde_json::from_str(SAMPLE).expect("a sample")
}

fn findings() -> Findings {
    serde_json::from_str(FINDINGS).expect("findings")
}

impl Sample {
    fn of(&self, verdict: Outcome) -> impl Iterator<Item = &Examined> {
        let mutants = self.mutants.iter();
        mutants.filter(move |mutant| mutant.verdict == verdict)
    }

    fn command(&self) -> String {
        format!(".ci/mutants {} {}", self.seed, self.mutants.len())
    }
}

fn table(head: &str, rows: impl Iterator<Item = (String, String)>) -> String {
    let mut table = format!("| mutant | {head} |\n|---|---|\n");
    for (mutant, says) in rows {
        // A bar would end the cell.
        let mutant = mutant.replace('|', "\\|");
        let _ = writeln!(table, "| `{mutant}` | {says} |");
    }
    table
}

/// What the page of the suite says of them.
pub(super) fn page() -> String {
    let (sample, findings) = (sample(), findings());
    let count = |verdict| sample.of(verdict).count();
    let (caught, missed) = (count(Outcome::Caught), count(Outcome::Missed));
    let command = sample.command();
    let tested = caught + missed;
    let (known, seed, tool) = (sample.known, &sample.seed, &sample.tool);
    let unviable = count(Outcome::Unviable);
    let head = format!(
        "```sh\n{command}\n```\n\n\
         {tested} mutants, chosen by the seed {seed} from the {known} that {tool} knows: \
         {caught} caught, {missed} missed. {unviable} more of the choice do not compile.\n"
    );
    let equivalent = findings.equivalent.into_iter();
    let equivalent = equivalent.map(|equivalent| (equivalent.mutant, equivalent.why));
    let equivalent = table("missed, because it changes no behaviour", equivalent);
    let added = findings.added.into_iter();
    let added = added.map(|added| (added.mutant, format!("`{}`", added.test)));
    let added = table("missed at first; now caught by", added);
    format!("{head}\n{equivalent}\n{added}")
}

#[test]
fn the_sample_is_large_enough() {
    let sample = sample();
    let tested = sample.mutants.len() - sample.of(Outcome::Unviable).count();
    assert!(tested >= 80, "only {tested}");
}

#[test]
fn what_is_missed_changes_no_behaviour() {
    let (sample, findings) = (sample(), findings());
    let known: Vec<_> = findings.equivalent.iter().map(|one| &one.mutant).collect();
    let missed: Vec<_> = sample.of(Outcome::Missed).map(|one| &one.mutant).collect();
    for mutant in &missed {
        assert!(known.contains(mutant), "nobody has judged {mutant}");
    }
    for mutant in &known {
        assert!(missed.contains(mutant), "{mutant} is not missed");
    }
}

#[test]
fn what_was_missed_once_is_caught_by_what_was_added() {
    let (sample, findings) = (sample(), findings());
    for added in findings.added {
        let mutant = &added.mutant;
        let caught = sample.of(Outcome::Caught).find(|one| one.mutant == *mutant);
        let by = caught.and_then(|caught| caught.by.as_deref());
        assert_eq!(by, Some(added.test.as_str()), "{mutant}");
    }
}
