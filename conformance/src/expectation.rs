//! Failures that a subject declares.

/// A case that is known to fail, and why.
///
/// It has to fail: once it passes, the declaration is stale and fails the run,
/// as does one that no case answers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    case: String,
    reason: String,
}

impl Expectation {
    /// Declares that a case fails.
    ///
    /// `case` is its name without the subject, such as
    /// `backend::B4_watching_twice_is_watching_anew`; it stands for the cases
    /// below that name too, if there are any. `reason` says what deviates, best
    /// with a link.
    ///
    /// ```
    /// use loopline_conformance::Expectation;
    ///
    /// Expectation::failure(
    ///     "backend::B8_a_stopped_process_is_no_error",
    ///     "the kernel restarts the call with the whole timeout",
    /// );
    /// ```
    pub fn failure(case: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            case: case.into(),
            reason: reason.into(),
        }
    }

    /// Whether it speaks of the case with this name, given without the subject.
    pub(crate) fn covers(&self, name: &str) -> bool {
        match name.strip_prefix(self.case.as_str()) {
            Some(rest) => rest.is_empty() || rest.starts_with("::"),
            None => false,
        }
    }

    pub(crate) fn case(&self) -> &str {
        &self.case
    }

    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_covers_itself_and_what_is_below() {
        let expectation = Expectation::failure("coder::T1_early", "because");
        assert!(expectation.covers("coder::T1_early"));
        assert!(expectation.covers("coder::T1_early::one_byte"));
        assert!(!expectation.covers("coder::T1_early_bytes"));
        assert!(!expectation.covers("coder::T1"));
        assert!(!expectation.covers("other::coder::T1_early"));
    }
}
