//! Results as they come in.

use std::sync::{Arc, Mutex, PoisonError};

use super::{CaseResult, Outcome, Report};

/// The results so far. Cases run at the same time, and share it.
#[derive(Clone, Default)]
pub(crate) struct Results(Arc<Mutex<Vec<CaseResult>>>);

impl Results {
    pub(crate) fn add(&self, result: CaseResult) {
        let mut results = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        results.push(result);
    }

    /// Whether there is a failure among them.
    pub(crate) fn has_failed(&self) -> bool {
        let results = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        results
            .iter()
            .any(|result| result.outcome == Outcome::Failed)
    }

    /// What has come in, in the order of names, which every run has in common.
    pub(crate) fn report(&self) -> Report {
        let mut results = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut results = std::mem::take(&mut *results);
        results.sort_by(|one, other| one.name.cmp(&other.name));
        Report::new(results)
    }
}
