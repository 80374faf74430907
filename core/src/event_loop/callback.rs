//! A callback of any type.

use std::fmt;

use super::IntoOutcome;
use crate::protocol::Outcome;
use crate::sys::Closure;

/// A callback that runs once. An error that it returns reaches the exception
/// handler (line E14).
///
/// What a small closure holds, up to three words, lies in the callback itself; a
/// larger one is boxed. So it costs a loop no allocation to be told what to do next.
///
/// ```
/// use loopline_core::{Callback, EventLoop, LoopClosed};
///
/// /// Queues a callback between two messages.
/// fn noted(event_loop: &dyn EventLoop, callback: Callback) -> Result<(), LoopClosed> {
///     event_loop.call_soon_boxed(Callback::new(move || {
///         println!("it begins");
///         callback.call()?;
///         println!("it has ended");
///         Ok::<_, loopline_core::BoxError>(())
///     }))?;
///     Ok(())
/// }
/// ```
pub struct Callback(Closure);

impl Callback {
    /// Takes a closure in.
    #[inline]
    pub fn new<R: IntoOutcome>(callback: impl FnOnce() -> R + 'static) -> Self {
        Self(Closure::new(move || callback().into_outcome()))
    }

    /// As [`Closure::word_by_word`].
    #[inline]
    pub(crate) fn word_by_word(self) -> Self {
        Self(self.0.word_by_word())
    }

    /// Runs the callback.
    ///
    /// # Errors
    ///
    /// What the callback returns.
    #[inline]
    pub fn call(self) -> Outcome {
        self.0.call()
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").finish_non_exhaustive()
    }
}
