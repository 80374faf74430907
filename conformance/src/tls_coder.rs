//! A TLS coder that is put under the suite.

use std::fmt;
use std::sync::Arc;

use loopline_core::tls::{TlsConfig, TlsContext, TlsError};

use crate::Expectation;

type Make = dyn Fn(TlsSide, &TlsConfig) -> Result<Arc<dyn TlsContext>, TlsError> + Send + Sync;

/// A TLS coder under the suite: its name, and how contexts are made of what a
/// case wants.
///
/// ```
/// use loopline_conformance::{TlsCoder, TlsSide};
/// # use loopline_core::tls::{
/// #     Coder, ServerName, TlsConfig, TlsContext, TlsError, TlsErrorKind,
/// # };
/// # struct Mine;
/// # impl Mine {
/// #     fn client(_: TlsConfig) -> Result<Self, TlsError> { Ok(Self) }
/// #     fn server(_: TlsConfig) -> Result<Self, TlsError> { Ok(Self) }
/// # }
/// # impl TlsContext for Mine {
/// #     fn client(&self, _: &ServerName<'static>) -> Result<Box<dyn Coder>, TlsError> {
/// #         Err(TlsErrorKind::Library.into())
/// #     }
/// #     fn server(&self) -> Result<Box<dyn Coder>, TlsError> {
/// #         Err(TlsErrorKind::Library.into())
/// #     }
/// # }
///
/// let mine = TlsCoder::new("mine", |side, config| match side {
///     TlsSide::Client => Mine::client(config.clone()),
///     TlsSide::Server => Mine::server(config.clone()),
/// });
/// ```
///
/// A subject names its coders in [`Subject::coders`](crate::Subject::coders);
/// a crate that is a coder alone runs [`Layer::Coder`](crate::Layer::Coder)
/// with [`Suite::coder`](crate::Suite::coder).
#[derive(Clone)]
#[must_use]
pub struct TlsCoder {
    name: &'static str,
    make: Arc<Make>,
    expectations: Vec<Expectation>,
}

impl TlsCoder {
    /// A coder under the name that its cases have, such as `"rustls"`, and what
    /// makes contexts for it: of which side, and of what. That has to use every
    /// part of the configuration: a case that wants TLS 1.2 alone fails if the
    /// context speaks 1.3 too. Some cases show certificates that have expired.
    pub fn new<C: TlsContext + 'static>(
        name: &'static str,
        make: impl Fn(TlsSide, &TlsConfig) -> Result<C, TlsError> + Send + Sync + 'static,
    ) -> Self {
        let make = move |side, config: &TlsConfig| {
            let context = make(side, config)?;
            Ok(Arc::new(context) as Arc<dyn TlsContext>)
        };
        Self {
            name,
            make: Arc::new(make),
            expectations: Vec::new(),
        }
    }

    /// Declares cases that are known to fail, with whatever this coder talks
    /// to and over every backend.
    pub fn expecting(mut self, failures: impl IntoIterator<Item = Expectation>) -> Self {
        self.expectations.extend(failures);
        self
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn expectations(&self) -> &[Expectation] {
        &self.expectations
    }

    pub(crate) fn context(
        &self,
        side: TlsSide,
        config: &TlsConfig,
    ) -> Result<Arc<dyn TlsContext>, TlsError> {
        (self.make)(side, config)
    }
}

impl fmt::Debug for TlsCoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TlsCoder").field(&self.name).finish()
    }
}

/// A side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsSide {
    /// The one that begins the handshake.
    Client,
    /// The other.
    Server,
}
