//! What a case is given.

use std::sync::{Arc, Mutex, PoisonError};

use loopline_core::backend::Backend;
use loopline_core::tls::TlsContext;

use crate::case::Need;
use crate::cast::Cast;
use crate::harness::tls::parts::Parts;
use crate::tls_coder::TlsSide;
use crate::verdict::Stop;

/// Those who take part as a case sees them, and a place to say how far the case
/// is.
#[derive(Clone)]
pub(crate) struct Context {
    cast: Cast,
    progress: Progress,
}

impl Context {
    pub(crate) fn new(cast: Cast, progress: Progress) -> Self {
        Self { cast, progress }
    }

    /// Makes a backend.
    ///
    /// # Errors
    ///
    /// That the subject could not make one is a failure of the case.
    pub(crate) fn backend(&self) -> Result<Box<dyn Backend>, Stop> {
        self.doing("making a backend");
        let subject = self.cast.subject.as_ref();
        let subject = subject.ok_or_else(|| Stop::failed("the case is for coders alone"))?;
        let backend = subject.backend();
        backend.map_err(|error| Stop::failed(format_args!("no backend could be made: {error}")))
    }

    /// Ends the case as one that does not apply if the subject is not capable
    /// of this.
    ///
    /// # Errors
    ///
    /// That it is not.
    pub(crate) fn require(&self, need: Need) -> Result<(), Stop> {
        if (need.met)(&self.backend()?.capabilities()) {
            return Ok(());
        }
        Err(Stop::Lacks(need))
    }

    /// Whether the case is about TLS.
    pub(crate) fn has_coders(&self) -> bool {
        self.cast.coders.is_some()
    }

    /// Makes a context of TLS, by the coder of its side.
    ///
    /// # Errors
    ///
    /// That it could not be made is a failure of the case.
    pub(crate) fn tls(&self, parts: &Parts) -> Result<Arc<dyn TlsContext>, Stop> {
        let coders = self.cast.coders.as_ref();
        let coders = coders.ok_or_else(|| Stop::failed("the case is for subjects alone"))?;
        let coder = match parts.side {
            TlsSide::Client => &coders.client,
            TlsSide::Server => &coders.server,
        };
        coder.context(parts.side, &parts.config).map_err(|error| {
            let name = coder.name();
            Stop::failed(format_args!("{name} could make no context: {error}"))
        })
    }

    /// Says what the case is about to do or to wait for: part of the report if
    /// it gets no further.
    pub(crate) fn doing(&self, what: impl Into<String>) {
        self.progress.set(what.into());
    }
}

/// Is told of each step of a case as it begins.
type Observer = dyn Fn(&str) + Send + Sync;

/// How far a case has come, for whoever watches over it.
#[derive(Clone, Default)]
pub(crate) struct Progress {
    step: Arc<Mutex<String>>,
    observer: Option<Arc<Observer>>,
}

impl Progress {
    pub(crate) fn observed(observer: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self {
            step: Arc::default(),
            observer: Some(Arc::new(observer)),
        }
    }

    fn set(&self, what: String) {
        if let Some(observer) = &self.observer {
            observer(&what);
        }
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    pub(crate) fn get(&self) -> String {
        self.step
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
