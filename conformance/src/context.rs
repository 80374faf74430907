//! What a case is given.

use std::sync::{Arc, Mutex, PoisonError};

use loopline_core::backend::Backend;

use crate::Subject;
use crate::verdict::Stop;

/// The subject as a case sees it, and a place to say how far the case is.
#[derive(Clone)]
pub(crate) struct Context {
    subject: Arc<dyn Subject>,
    progress: Progress,
}

impl Context {
    pub(crate) fn new(subject: Arc<dyn Subject>, progress: Progress) -> Self {
        Self { subject, progress }
    }

    /// Makes a backend.
    ///
    /// # Errors
    ///
    /// That the subject could not make one is a failure of the case.
    pub(crate) fn backend(&self) -> Result<Box<dyn Backend>, Stop> {
        self.doing("making a backend");
        let backend = self.subject.backend();
        backend.map_err(|error| Stop::failed(format_args!("no backend could be made: {error}")))
    }

    /// Says what the case is about to do or to wait for: part of the report if
    /// it gets no further.
    pub(crate) fn doing(&self, what: impl Into<String>) {
        self.progress.set(what.into());
    }
}

/// How far a case has come, for whoever watches over it.
#[derive(Clone, Default)]
pub(crate) struct Progress(Arc<Mutex<String>>);

impl Progress {
    fn set(&self, what: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    pub(crate) fn get(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
