//! What comes of a case, and what the run makes of it.

use std::fmt;
use std::panic::Location;

use libtest_mimic::{Completion, Failed};
use serde::{Deserialize, Serialize};

use crate::Expectation;
use crate::case::Need;
use crate::report;

/// How a case's body ends: `Err` says that it did not pass, and how.
pub(crate) type Outcome = Result<(), Stop>;

/// Why a case ended before it passed. Every error becomes a failure with `?`.
#[derive(Clone, Debug)]
pub(crate) enum Stop {
    /// What is promised does not hold.
    Failed(String),
    /// The machine lacks what the case needs.
    Skipped(String),
    /// The subject is not capable of what the case turns out to need.
    Lacks(Need),
}

impl Stop {
    /// The case does not pass, and this is why.
    pub(crate) fn failed(why: impl fmt::Display) -> Self {
        Self::Failed(why.to_string())
    }

    /// The machine lacks this. Never for what the subject lacks.
    pub(crate) fn skipped(lack: impl fmt::Display) -> Self {
        Self::Skipped(lack.to_string())
    }
}

impl<E: std::error::Error> From<E> for Stop {
    #[track_caller]
    fn from(error: E) -> Self {
        Self::Failed(format!("{}: {error}", Location::caller()))
    }
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Verdict {
    Passed,
    Failed(String),
    /// The subject, or the operating system, is not capable of this.
    NotApplicable(String),
    Skipped(String),
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Ok(()) => Self::Passed,
            Err(Stop::Failed(why)) => Self::Failed(why),
            Err(Stop::Skipped(lack)) => Self::Skipped(lack),
            Err(Stop::Lacks(need)) => Self::NotApplicable(need.name.into()),
        }
    }
}

impl Verdict {
    /// What the run reports, given what the subject declared.
    pub(crate) fn settle(self, expected: Option<&Expectation>, strict: bool) -> Settled {
        match (self, expected) {
            (Self::Skipped(lack), _) if strict => {
                Settled::failed(format!("skipped, which --strict forbids: {lack}"))
            }
            (Self::Skipped(lack), _) => Settled::new(report::Outcome::Skipped, lack),
            (Self::Passed, None) => Settled::PASSED,
            (Self::Failed(why), None) => Settled::failed(why),
            (Self::NotApplicable(lack), None) => {
                Settled::new(report::Outcome::NotApplicable, format!("no {lack}"))
            }
            (Self::Failed(_), Some(expected)) => Settled::new(
                report::Outcome::ExpectedFailure,
                expected.reason().to_owned(),
            ),
            (Self::Passed, Some(expected)) => stale("passes", expected),
            (Self::NotApplicable(_), Some(expected)) => stale("does not apply", expected),
        }
    }
}

fn stale(what: &str, expected: &Expectation) -> Settled {
    let reason = expected.reason();
    Settled::failed(format!(
        "it {what}, although it is declared to fail: {reason}"
    ))
}

/// What came of a case in the end, and why it did not simply pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) outcome: report::Outcome,
    pub(crate) detail: Option<String>,
}

impl Settled {
    pub(crate) const PASSED: Self = Self {
        outcome: report::Outcome::Passed,
        detail: None,
    };

    pub(crate) fn failed(why: String) -> Self {
        Self::new(report::Outcome::Failed, why)
    }

    /// Nothing came of it, because of `--fail-fast`. Not what `--strict` forbids:
    /// the run has failed already.
    pub(crate) fn not_begun() -> Self {
        let why = "another case has failed before".to_owned();
        Self::new(report::Outcome::Skipped, why)
    }

    fn new(outcome: report::Outcome, detail: String) -> Self {
        Self {
            outcome,
            detail: Some(detail),
        }
    }

    /// The same in the words of the test program.
    pub(crate) fn completion(self) -> Result<Completion, Failed> {
        let detail = self.detail.unwrap_or_default();
        let ignored = match self.outcome {
            report::Outcome::Passed => return Ok(Completion::Completed),
            report::Outcome::Failed => return Err(detail.into()),
            report::Outcome::NotApplicable => "not applicable",
            report::Outcome::Skipped => "skipped",
            report::Outcome::ExpectedFailure => "fails as expected",
        };
        Ok(Completion::ignored_with(format!("{ignored}: {detail}")))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn settled(verdict: Verdict, expected: bool, strict: bool) -> Result<Option<String>, String> {
        let expectation = Expectation::failure("backend::B1_case", "known");
        match verdict
            .settle(expected.then_some(&expectation), strict)
            .completion()
        {
            Ok(Completion::Completed) => Ok(None),
            Ok(Completion::Ignored { reason }) => Ok(reason),
            Err(failed) => Err(failed.message().unwrap_or_default().to_owned()),
        }
    }

    #[test]
    fn a_failure_fails_unless_it_is_declared() {
        let failed = || Verdict::Failed("why".into());
        assert_eq!(settled(failed(), false, false), Err("why".into()));
        let reason = settled(failed(), true, true);
        assert_eq!(reason, Ok(Some("fails as expected: known".into())));
    }

    #[test]
    fn a_declared_failure_that_passes_fails() {
        assert_eq!(settled(Verdict::Passed, false, true), Ok(None));
        let stale = settled(Verdict::Passed, true, false).expect_err("stale");
        assert!(
            stale.contains("passes") && stale.contains("known"),
            "{stale}"
        );
    }

    #[test]
    fn a_declared_failure_that_does_not_apply_fails() {
        let verdict = || Verdict::NotApplicable("send_file".into());
        let reason = settled(verdict(), false, true);
        assert_eq!(reason, Ok(Some("not applicable: no send_file".into())));
        assert!(settled(verdict(), true, false).is_err());
    }

    #[test]
    fn a_skip_fails_only_a_strict_run() {
        let skipped = || Verdict::Skipped("no IPv6".into());
        let reason = settled(skipped(), false, false);
        assert_eq!(reason, Ok(Some("skipped: no IPv6".into())));
        let failed = settled(skipped(), false, true).expect_err("strict");
        assert!(failed.contains("no IPv6"), "{failed}");
    }

    #[test]
    fn an_error_is_a_failure_that_names_the_line() {
        fn body() -> Outcome {
            Err(io::Error::other("broken"))?;
            Ok(())
        }
        let Err(Stop::Failed(why)) = body() else {
            panic!("an error is not a failure");
        };
        assert!(why.starts_with(file!()) && why.ends_with("broken"), "{why}");
    }
}
