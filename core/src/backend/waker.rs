//! Ending a wait from another thread.

use std::fmt;
use std::sync::Arc;

/// What a backend implements to be woken from other threads (clause B9).
pub trait Wake: Send + Sync {
    /// Ends the current wait, or the next one if none is under way.
    fn wake(&self);
}

/// Ends a backend's [`wait`](super::Backend::wait) from any thread.
///
/// Sticky, coalescing, and without effect once the backend is gone.
#[derive(Clone)]
pub struct Waker(Arc<dyn Wake>);

impl Waker {
    /// A waker over a backend's own implementation.
    pub fn new(wake: Arc<dyn Wake>) -> Self {
        Self(wake)
    }

    /// Ends the current wait, or the next one if none is under way.
    pub fn wake(&self) {
        self.0.wake();
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waker").finish_non_exhaustive()
    }
}
