//! A TLS coder that is put under the suite.

use std::fmt;
use std::sync::Arc;

use loopline_core::tls::{TlsContext, TlsError, TlsVersion};

use crate::Expectation;

type Make = dyn Fn(&TlsParts) -> Result<Arc<dyn TlsContext>, TlsError> + Send + Sync;

/// A TLS coder under the suite: its name, and how contexts are made of what a
/// case wants.
///
/// ```
/// use loopline_conformance::{TlsCoder, TlsParts, TlsSide};
/// # use loopline_core::tls::{Coder, ServerName, TlsContext, TlsError, TlsErrorKind};
/// # struct Mine;
/// # impl Mine {
/// #     fn new(_: &TlsParts) -> Result<Self, TlsError> { Ok(Self) }
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
/// // Mine::new reads the parts, and has a TlsContext made of them.
/// let mine = TlsCoder::new("mine", |parts: &TlsParts| Mine::new(parts));
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
    /// makes contexts for it. That has to use every part it is given: a case
    /// that wants TLS 1.2 alone fails if the context speaks 1.3 too.
    pub fn new<C: TlsContext + 'static>(
        name: &'static str,
        make: impl Fn(&TlsParts) -> Result<C, TlsError> + Send + Sync + 'static,
    ) -> Self {
        let make = move |parts: &TlsParts| Ok(Arc::new(make(parts)?) as Arc<dyn TlsContext>);
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

    pub(crate) fn context(&self, parts: &TlsParts) -> Result<Arc<dyn TlsContext>, TlsError> {
        (self.make)(parts)
    }
}

impl fmt::Debug for TlsCoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TlsCoder").field(&self.name).finish()
    }
}

/// What a case wants of a context. Everything is neutral: PEM and numbers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TlsParts {
    /// The side that it is for.
    pub side: TlsSide,
    /// The own certificate, which a server always has.
    pub identity: Option<TlsIdentity>,
    /// The certificates to verify the peer by, in PEM, and no others; a client
    /// always has some, a server where it asks for certificates.
    pub roots: Option<String>,
    /// Whether a server asks for certificates.
    pub client_auth: TlsClientAuth,
    /// The lowest version.
    pub min_version: TlsVersion,
    /// The highest version.
    pub max_version: TlsVersion,
    /// The protocols to offer or to choose from, best first (RFC 7301); none
    /// means that the extension is not used.
    pub alpn: Vec<Vec<u8>>,
    /// Whether sessions are kept and resumed.
    pub resumption: bool,
}

impl TlsParts {
    pub(crate) fn new(side: TlsSide) -> Self {
        Self {
            side,
            identity: None,
            roots: None,
            client_auth: TlsClientAuth::None,
            min_version: TlsVersion::Tls12,
            max_version: TlsVersion::Tls13,
            alpn: Vec::new(),
            resumption: false,
        }
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

/// A certificate and its key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TlsIdentity {
    /// The certificate and those between it and a root, in PEM.
    pub chain: String,
    /// The key, as PKCS#8 in PEM.
    pub key: String,
}

impl TlsIdentity {
    pub(crate) fn new(chain: String, key: String) -> Self {
        Self { chain, key }
    }
}

/// Whether a server asks its clients for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsClientAuth {
    /// It does not.
    None,
    /// It does, and takes clients without one.
    Optional,
    /// It does, and refuses clients without one.
    Required,
}
