//! A panic of the user's, held back until the connection is in order.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// A panic of the user's, if there was one.
pub(crate) struct Panic(Option<Box<dyn Any + Send>>);

impl Panic {
    #[inline]
    pub(super) fn none() -> Self {
        Self(None)
    }

    #[inline(never)]
    pub(super) fn of(user_code: impl FnOnce()) -> Self {
        Self(catch_unwind(AssertUnwindSafe(user_code)).err())
    }

    #[inline]
    pub(super) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    #[inline]
    pub(super) fn go_on(self) {
        if let Some(payload) = self.0 {
            resume_unwind(payload);
        }
    }
}
