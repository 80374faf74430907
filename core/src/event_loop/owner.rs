//! The loop's owner.

use std::fmt;
use std::future::Future;
use std::ops::Deref;

use super::{EventLoop, LoopHandle, RunError};
use crate::backend::Backend;
use crate::engine::Engine;

/// An event loop over any [`Backend`], and the right to run it.
///
/// It dereferences to its [`LoopHandle`], which can be cloned and implements
/// [`EventLoop`]. Dropping the loop closes it: connections and tasks that are
/// left are dropped without a further callback.
///
/// ```
/// # use loopline_core::Loop;
/// # use loopline_core::backend::Backend;
/// # fn with(backend: Box<dyn Backend>) -> Result<(), Box<dyn std::error::Error>> {
/// use loopline_core::EventLoopExt;
///
/// let event_loop = Loop::with_backend(backend);
/// let answer = event_loop.run_until_complete(async {
///     event_loop.sleep(std::time::Duration::from_millis(1)).await;
///     42
/// })?;
/// assert_eq!(answer, 42);
/// # Ok(())
/// # }
/// ```
pub struct Loop(LoopHandle);

impl Loop {
    /// A loop over a backend.
    #[must_use]
    pub fn with_backend(backend: Box<dyn Backend>) -> Self {
        Self(LoopHandle::new(Engine::new(backend)))
    }

    /// A handle on the loop, for callbacks and tasks to keep.
    #[must_use]
    pub fn handle(&self) -> LoopHandle {
        self.0.clone()
    }

    /// Runs the loop until the future is ready, and returns what it gives
    /// (line E11). The loop can be run again afterwards.
    ///
    /// # Errors
    ///
    /// [`RunError`]: the loop is running or closed, another one runs in this
    /// thread, it was stopped before the future was ready, or the backend
    /// failed.
    ///
    /// # Panics
    ///
    /// With whatever a callback or a task panics with; the loop can be run
    /// again (line E15).
    pub fn run_until_complete<F: Future>(&self, future: F) -> Result<F::Output, RunError> {
        self.0.engine().run_until_complete(future)
    }

    /// Runs the loop until it is stopped (line E9).
    ///
    /// # Errors
    ///
    /// [`RunError`], as for [`run_until_complete`](Self::run_until_complete).
    ///
    /// # Panics
    ///
    /// With whatever a callback or a task panics with; the loop can be run
    /// again (line E15).
    pub fn run_forever(&self) -> Result<(), RunError> {
        self.0.engine().run_forever()
    }

    /// Closes the loop: tasks are dropped where they wait, connections and
    /// listeners are closed without a further callback, watches are forgotten
    /// (lines C24, E13, E40). To end connections in good order, await
    /// [`shutdown`](EventLoop::shutdown) before; in
    /// [debug mode](EventLoop::set_debug) what is left is reported. Again is without
    /// effect.
    ///
    /// # Errors
    ///
    /// [`RunError::AlreadyRunning`] from inside the loop.
    pub fn close(&self) -> Result<(), RunError> {
        self.0.engine().close()
    }
}

impl Deref for Loop {
    type Target = LoopHandle;

    fn deref(&self) -> &LoopHandle {
        &self.0
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        // It cannot be running: running borrows it.
        let _ = self.close();
    }
}

impl fmt::Debug for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loop")
            .field("backend", &self.backend_name())
            .finish_non_exhaustive()
    }
}
