//! Errors that no caller gets.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use super::Engine;
use crate::debug;
use crate::event_loop::ExceptionHandler;

/// From which duration on a callback is slow: asyncio's
/// `slow_callback_duration` (line E16).
const SLOW_CALLBACK: Duration = Duration::from_millis(100);

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Severity {
    /// Something is odd, but nothing was lost.
    Warning,
    /// A callback failed, or the loop could not do what it was asked for.
    Error,
}

/// What the exception handler is told.
#[derive(Debug)]
pub struct ExceptionContext<'a> {
    severity: Severity,
    message: &'a str,
    error: Option<&'a (dyn Error + 'static)>,
}

impl<'a> ExceptionContext<'a> {
    /// A context with a message alone.
    #[must_use]
    pub fn new(severity: Severity, message: &'a str) -> Self {
        Self {
            severity,
            message,
            error: None,
        }
    }

    /// The same context with an error.
    #[must_use]
    pub fn with_error(mut self, error: &'a (dyn Error + 'static)) -> Self {
        self.error = Some(error);
        self
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What happened, in one sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        self.message
    }

    /// The error, where there is one.
    #[must_use]
    pub fn error(&self) -> Option<&(dyn Error + 'static)> {
        self.error
    }
}

impl fmt::Display for ExceptionContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error {
            Some(error) => write!(f, "{}: {error}", self.message),
            None => f.write_str(self.message),
        }
    }
}

/// The exception handler and debug mode.
pub(crate) struct Exceptions {
    handler: RefCell<Option<ExceptionHandler>>,
    debug: Cell<bool>,
    slow: Cell<Duration>,
}

impl Default for Exceptions {
    fn default() -> Self {
        Self {
            handler: RefCell::new(None),
            debug: Cell::new(false),
            slow: Cell::new(SLOW_CALLBACK),
        }
    }
}

impl Drop for Exceptions {
    fn drop(&mut self) {
        self.set_debug(false);
    }
}

impl Exceptions {
    pub(crate) fn set_handler(&self, handler: Option<ExceptionHandler>) {
        let old = self.handler.replace(handler);
        drop(old);
    }

    pub(crate) fn call(&self, context: &ExceptionContext<'_>) {
        let handler = self.handler.borrow().clone();
        match handler {
            Some(handler) => handler(context),
            None => default_handler(context),
        }
    }

    pub(crate) fn set_debug(&self, enabled: bool) {
        if self.debug.replace(enabled) != enabled {
            debug::debug_mode_of_a_loop(enabled);
        }
    }

    pub(crate) fn debug(&self) -> bool {
        self.debug.get()
    }

    pub(crate) fn set_slow_callback_duration(&self, duration: Duration) {
        self.slow.set(duration);
    }

    pub(crate) fn slow_callback_duration(&self) -> Duration {
        self.slow.get()
    }
}

#[cfg(feature = "tracing")]
fn default_handler(context: &ExceptionContext<'_>) {
    match context.severity {
        Severity::Warning => tracing::warn!("{context}"),
        Severity::Error => tracing::error!("{context}"),
    }
}

#[cfg(not(feature = "tracing"))]
fn default_handler(context: &ExceptionContext<'_>) {
    eprintln!("loopline: {context}");
}

impl Engine {
    /// What is still open: see [`Watched::left_open`](super::Watched::left_open).
    #[cfg(feature = "debug")]
    pub(crate) fn left_open(&self) -> Vec<String> {
        let slots = self.slots.borrow();
        slots
            .owners()
            .filter_map(|owner| owner.left_open())
            .collect()
    }

    /// Runs a callback, and in debug mode reports it if it was slow.
    #[inline]
    pub(super) fn timed<R>(self: &Rc<Self>, callback: impl FnOnce() -> R) -> R {
        if self.exceptions.debug() {
            self.measured(callback)
        } else {
            callback()
        }
    }

    #[cold]
    fn measured<R>(self: &Rc<Self>, callback: impl FnOnce() -> R) -> R {
        debug::forget();
        let begin = self.now();
        let result = callback();
        let took = self.now().saturating_duration_since(begin);
        if took >= self.exceptions.slow_callback_duration() {
            self.report_slow(took);
        }
        result
    }

    fn report_slow(&self, took: Duration) {
        let mut message = format!("a callback took {:.3} seconds", took.as_secs_f64());
        if let Some(place) = debug::running() {
            message.push_str(&format!("; it was registered at {place}"));
        }
        self.report(&ExceptionContext::new(Severity::Warning, &message));
    }
}
