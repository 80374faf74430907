//! What came of a run, in a form that outlives it.

mod collected;
mod markdown;
mod wanted;

use std::collections::BTreeSet;
use std::env::consts::{ARCH, OS};
use std::io;

use serde::{Deserialize, Serialize};

pub(crate) use collected::Results;
pub(crate) use wanted::Wanted;

/// What a reader has to know to understand a report.
const VERSION: u32 = 1;

/// One run, or several that were merged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    /// Which fields there are; a reader refuses what it does not know.
    pub(crate) version: u32,
    pub(crate) results: Vec<CaseResult>,
}

/// What came of one case for those that it ran for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseResult {
    /// The system and the processor that it ran on: `linux-x86_64`.
    pub(crate) system: String,
    /// The subject, or none for coders alone.
    pub(crate) backend: Option<String>,
    /// The coder, or the client's and the server's: `rustls+openssl`.
    pub(crate) coder: Option<String>,
    /// The area: `send_file`.
    pub(crate) layer: String,
    /// The clause or line that the case checks, if it checks one.
    pub(crate) line: Option<String>,
    /// The whole name, as the program prints it.
    pub(crate) name: String,
    /// What holds, in one sentence.
    pub(crate) says: String,
    pub(crate) outcome: Outcome,
    /// Why it failed, was skipped or does not apply.
    pub(crate) detail: Option<String>,
}

/// What came of a case, as a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Passed,
    Failed,
    NotApplicable,
    Skipped,
    ExpectedFailure,
}

impl Report {
    pub(crate) fn new(results: Vec<CaseResult>) -> Self {
        Self {
            version: VERSION,
            results,
        }
    }

    /// Reads what [`json`](Self::json) has written.
    ///
    /// # Errors
    ///
    /// That it is no report, or one of another version.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let error = |error: serde_json::Error| format!("no report: {error}");
        let Versioned { version } = serde_json::from_str(text).map_err(error)?;
        if version != VERSION {
            return Err(format!("a report of version {version}, not {VERSION}"));
        }
        serde_json::from_str(text).map_err(error)
    }

    pub(crate) fn json(&self) -> io::Result<String> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    pub(crate) fn markdown(&self) -> String {
        markdown::page(self)
    }

    /// The results of several runs as those of one.
    ///
    /// # Errors
    ///
    /// That two of them ran the same case on the same system, so that nobody
    /// could say which of the two counts.
    pub(crate) fn merge(reports: impl IntoIterator<Item = Self>) -> Result<Self, String> {
        let mut seen = BTreeSet::new();
        let mut results = Vec::new();
        for result in reports.into_iter().flat_map(|report| report.results) {
            if !seen.insert((result.system.clone(), result.name.clone())) {
                let CaseResult { name, system, .. } = &result;
                return Err(format!("two of the reports have `{name}` on {system}"));
            }
            results.push(result);
        }
        Ok(Self::new(results))
    }

    pub(crate) fn has_failed(&self) -> bool {
        let mut outcomes = self.results.iter().map(|result| result.outcome);
        outcomes.any(|outcome| outcome == Outcome::Failed)
    }
}

/// This system, as reports call it.
pub(crate) fn system() -> String {
    format!("{OS}-{ARCH}")
}

#[cfg(test)]
mod tests;
