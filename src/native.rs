//! The loop with a native backend.

use std::io;
use std::ops::Deref;

use loopline_core::backend::Backend;

use crate::select;

/// An event loop, and the right to run it: [`loopline_core::Loop`], to which
/// it dereferences, with the backend of the system at hand.
///
/// ```
/// use loopline::prelude::*;
///
/// let event_loop = Loop::new()?;
/// let answer = event_loop.run_until_complete(async {
///     event_loop.sleep(std::time::Duration::from_millis(1)).await;
///     42
/// })?;
/// assert_eq!(answer, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Loop(loopline_core::Loop);

impl Loop {
    /// A loop over the native backend.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) if no native backend was
    /// built: the feature is off, or the system has none. Otherwise whatever
    /// the system answers, such as that no descriptor is left.
    pub fn new() -> io::Result<Self> {
        Ok(Self::with_backend(select::native_backend()?))
    }

    /// A loop over a backend of one's own.
    #[must_use]
    pub fn with_backend(backend: Box<dyn Backend>) -> Self {
        Self(loopline_core::Loop::with_backend(backend))
    }
}

impl Deref for Loop {
    type Target = loopline_core::Loop;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
