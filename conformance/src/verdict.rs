//! What comes of a case, and what the run makes of it.

use std::fmt;
use std::panic::Location;

use libtest_mimic::{Completion, Failed};

use crate::Expectation;

/// How a case's body ends: `Err` says that it did not pass, and how.
pub(crate) type Outcome = Result<(), Stop>;

/// Why a case ended before it passed. Every error becomes a failure with `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// What is promised does not hold.
    Failed(String),
    /// The machine lacks what the case needs.
    Skipped(String),
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    Failed(String),
    /// The subject, or the operating system, is not capable of this.
    NotApplicable(&'static str),
    Skipped(String),
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Ok(()) => Self::Passed,
            Err(Stop::Failed(why)) => Self::Failed(why),
            Err(Stop::Skipped(lack)) => Self::Skipped(lack),
        }
    }
}

impl Verdict {
    /// What the run reports, given what the subject declared.
    pub(crate) fn settle(
        self,
        expected: Option<&Expectation>,
        strict: bool,
    ) -> Result<Completion, Failed> {
        match (self, expected) {
            (Self::Skipped(lack), _) if strict => {
                Err(format!("skipped, which --strict forbids: {lack}").into())
            }
            (Self::Skipped(lack), _) => Ok(Completion::ignored_with(format!("skipped: {lack}"))),
            (Self::Passed, None) => Ok(Completion::Completed),
            (Self::Failed(why), None) => Err(why.into()),
            (Self::NotApplicable(lack), None) => Ok(Completion::ignored_with(format!(
                "not applicable: no {lack}"
            ))),
            (Self::Failed(_), Some(expected)) => Ok(Completion::ignored_with(format!(
                "fails as expected: {}",
                expected.reason()
            ))),
            (Self::Passed, Some(expected)) => Err(stale("passes", expected)),
            (Self::NotApplicable(_), Some(expected)) => Err(stale("does not apply", expected)),
        }
    }
}

fn stale(what: &str, expected: &Expectation) -> Failed {
    format!(
        "it {what}, although it is declared to fail: {}",
        expected.reason()
    )
    .into()
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn settled(verdict: Verdict, expected: bool, strict: bool) -> Result<Option<String>, String> {
        let expectation = Expectation::failure("backend::B1_case", "known");
        match verdict.settle(expected.then_some(&expectation), strict) {
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
        let verdict = || Verdict::NotApplicable("send_file");
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
