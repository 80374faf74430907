//! What callbacks answer.

use crate::BoxError;
use crate::protocol::Outcome;

/// What a callback may return: nothing, or a `Result` whose error reaches the
/// exception handler.
pub trait IntoOutcome {
    /// As what the loop works with.
    ///
    /// # Errors
    ///
    /// What the callback returned.
    fn into_outcome(self) -> Outcome;
}

impl IntoOutcome for () {
    fn into_outcome(self) -> Outcome {
        Ok(())
    }
}

impl<E: Into<BoxError>> IntoOutcome for Result<(), E> {
    fn into_outcome(self) -> Outcome {
        self.map_err(Into::into)
    }
}
