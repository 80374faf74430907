//! A context out of files and switches.

use std::path::PathBuf;
use std::sync::Arc;

use loopline_core::tls::{TlsError, TlsVersion};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{ClientConfig, KeyLog, NoKeyLog, ServerConfig, SupportedProtocolVersion, version};

use crate::certificates::{self, Identity};
use crate::context::RustlsContext;
use crate::error::ConfigError;
use crate::key_log::KeyLogTo;
use crate::pem::Pem;
use crate::provider;
use crate::verify::Lenient;

/// Whether a server asks its clients for a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// It does not.
    #[default]
    None,
    /// It does, and takes clients without one; a bad one is refused.
    Optional,
    /// It does, and refuses clients without a good one.
    Required,
}

/// What a client checks of a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    All,
    NotTheName,
    Nothing,
}

/// The parts of a [`RustlsContext`].
///
/// Without a call, a context is made of: the provider that a feature names, the
/// system's roots, no certificate of its own, no client authentication, no ALPN,
/// TLS 1.2 and 1.3, resumption of sessions, no key log, full verification.
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    provider: Option<Arc<CryptoProvider>>,
    identity: Option<Identity>,
    roots: Vec<Pem>,
    client_auth: ClientAuth,
    alpn: Vec<Vec<u8>>,
    min: TlsVersion,
    max: TlsVersion,
    resumption: bool,
    key_log: Option<PathBuf>,
    check: Check,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            provider: None,
            identity: None,
            roots: Vec::new(),
            client_auth: ClientAuth::None,
            alpn: Vec::new(),
            min: TlsVersion::Tls12,
            max: TlsVersion::Tls13,
            resumption: true,
            key_log: None,
            check: Check::All,
        }
    }

    /// The provider of cryptography, instead of the one that a feature names.
    pub fn provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// The certificate, followed by those between it and a root, and its key: a
    /// server's, or what a client shows to a server that asks for it.
    pub fn identity(mut self, chain: Pem, key: Pem) -> Self {
        self.identity = Some(Identity { chain, key });
        self
    }

    /// Roots to verify the peer by. The first call replaces the system's, every
    /// further one adds. A server needs them for [`client_auth`](Self::client_auth).
    pub fn roots(mut self, roots: Pem) -> Self {
        self.roots.push(roots);
        self
    }

    /// Whether a server asks for certificates. It needs [`roots`](Self::roots):
    /// who may connect is not for the system to say.
    pub fn client_auth(mut self, client_auth: ClientAuth) -> Self {
        self.client_auth = client_auth;
        self
    }

    /// The protocols to offer or accept, best first (RFC 7301, line B36). A
    /// server refuses a client that offers others only.
    pub fn alpn<P: Into<Vec<u8>>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.alpn = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// The lowest version to accept.
    pub fn min_version(mut self, version: TlsVersion) -> Self {
        self.min = version;
        self
    }

    /// The highest version to offer.
    pub fn max_version(mut self, version: TlsVersion) -> Self {
        self.max = version;
        self
    }

    /// Whether sessions are kept and resumed: a client's cache, a server's
    /// tickets and cache.
    pub fn resumption(mut self, on: bool) -> Self {
        self.resumption = on;
        self
    }

    /// Appends the secrets of every connection to a file, for a packet analyser
    /// (the format of NSS' `SSLKEYLOGFILE`). Who can read it can read the
    /// connections.
    pub fn key_log_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.key_log = Some(path.into());
        self
    }

    /// Lets a client accept **any** certificate of a server. Whoever sits in
    /// between can read and change everything: for tests.
    pub fn danger_accept_any_certificate(mut self) -> Self {
        self.check = Check::Nothing;
        self
    }

    /// Lets a client accept a certificate that is valid, but for **another**
    /// name. Whoever has any valid certificate can sit in between.
    pub fn danger_accept_any_name(mut self) -> Self {
        self.check = Check::NotTheName;
        self
    }

    /// A client's context. Reads the files.
    ///
    /// # Errors
    ///
    /// [`Config`](loopline_core::tls::TlsErrorKind::Config) with a
    /// [`ConfigError`] that names the file.
    pub fn build_client(self) -> Result<RustlsContext, TlsError> {
        let provider = self.provider_or_default()?;
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&self.versions()?)
            .map_err(ConfigError::Library)?;
        let config = match self.check {
            Check::All => {
                let verifier = WebPkiServerVerifier::builder_with_provider(
                    self.any_roots()?,
                    provider.clone(),
                )
                .build()
                // The one reason it has without revocation lists.
                .map_err(|_| ConfigError::NoRoots)?;
                config.with_webpki_verifier(verifier)
            }
            Check::NotTheName | Check::Nothing => {
                let roots = match self.check {
                    Check::Nothing => None,
                    _ => Some(self.any_roots()?),
                };
                let algorithms = provider.signature_verification_algorithms;
                config
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(Lenient { roots, algorithms }))
            }
        };
        let mut config = match &self.identity {
            Some(identity) => config.with_client_cert_resolver(Arc::new(identity.load(&provider)?)),
            None => config.with_no_client_auth(),
        };
        config.key_log = self.open_key_log()?;
        if !self.resumption {
            config.resumption = Resumption::disabled();
        }
        config.alpn_protocols = self.alpn;
        Ok(RustlsContext::from_client_config(Arc::new(config)))
    }

    /// A server's context. Reads the files.
    ///
    /// # Errors
    ///
    /// [`Config`](loopline_core::tls::TlsErrorKind::Config) with a
    /// [`ConfigError`] that names the file.
    pub fn build_server(self) -> Result<RustlsContext, TlsError> {
        let provider = self.provider_or_default()?;
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&self.versions()?)
            .map_err(ConfigError::Library)?;
        let config = match self.client_verifier(&provider)? {
            Some(verifier) => config.with_client_cert_verifier(verifier),
            None => config.with_no_client_auth(),
        };
        let identity = self.identity.as_ref().ok_or(ConfigError::NoIdentity)?;
        let mut config = config.with_cert_resolver(Arc::new(identity.load(&provider)?));
        config.key_log = self.open_key_log()?;
        if !self.resumption {
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        } else if let Some(ticketer) = provider::ticketer() {
            config.ticketer = ticketer.map_err(ConfigError::Library)?;
        }
        config.alpn_protocols = self.alpn;
        Ok(RustlsContext::from_server_config(Arc::new(config)))
    }

    fn provider_or_default(&self) -> Result<Arc<CryptoProvider>, ConfigError> {
        let given = self.provider.clone();
        given
            .or_else(provider::by_feature)
            .ok_or(ConfigError::NoProvider)
    }

    fn versions(&self) -> Result<Vec<&'static SupportedProtocolVersion>, ConfigError> {
        let all = [
            (TlsVersion::Tls13, &version::TLS13),
            (TlsVersion::Tls12, &version::TLS12),
        ];
        let wanted = all
            .into_iter()
            .filter(|(version, _)| (self.min..=self.max).contains(version))
            .map(|(_, version)| version);
        match wanted.collect::<Vec<_>>() {
            none if none.is_empty() => Err(ConfigError::NoVersion),
            versions => Ok(versions),
        }
    }

    fn any_roots(&self) -> Result<Arc<rustls::RootCertStore>, ConfigError> {
        if self.roots.is_empty() {
            certificates::system_roots()
        } else {
            certificates::given_roots(&self.roots)
        }
    }

    fn client_verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Option<Arc<dyn ClientCertVerifier>>, ConfigError> {
        if self.client_auth == ClientAuth::None {
            return Ok(None);
        }
        let roots = certificates::given_roots(&self.roots)?;
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider));
        let verifier = match self.client_auth {
            ClientAuth::Optional => verifier.allow_unauthenticated(),
            _ => verifier,
        };
        // The one reason it has without revocation lists: there are no roots.
        verifier.build().map(Some).map_err(|_| ConfigError::NoRoots)
    }

    fn open_key_log(&self) -> Result<Arc<dyn KeyLog>, ConfigError> {
        Ok(match &self.key_log {
            Some(path) => Arc::new(KeyLogTo::open(path)?),
            None => Arc::new(NoKeyLog),
        })
    }
}
