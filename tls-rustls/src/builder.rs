//! A context out of files and switches.

use std::path::PathBuf;
use std::sync::Arc;

use loopline_core::tls::{
    ClientAuth, ConfigError, Identities, Identity, KeyLogFile, Pem, ServerCheck, TlsConfig,
    TlsError, TlsVersion,
};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::{
    ClientConfig, Error, KeyLog, NoKeyLog, ServerConfig, SupportedProtocolVersion, version,
};

use crate::certificates;
use crate::context::RustlsContext;
use crate::identities::Chooser;
use crate::key_log::KeyLogTo;
use crate::provider;
use crate::verify::Lenient;

/// The parts of a [`RustlsContext`]: a [`TlsConfig`], and the provider of
/// cryptography.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    provider: Option<Arc<CryptoProvider>>,
    config: TlsConfig,
}

impl From<TlsConfig> for Builder {
    fn from(config: TlsConfig) -> Self {
        Self {
            provider: None,
            config,
        }
    }
}

impl Builder {
    /// The provider of cryptography, instead of the one that a feature names.
    pub fn provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// The certificate, followed by those between it and a root, and its key: a
    /// server's, or what a client shows to a server that asks for it.
    pub fn identity(mut self, chain: Pem, key: Pem) -> Self {
        let identities = std::mem::take(&mut self.config.identities);
        self.config.identities = identities.any(Identity { chain, key });
        self
    }

    /// A server's certificates and keys, chosen by the name that a client asks
    /// for. They can be replaced later:
    /// [`TlsContext::replace_identities`](loopline_core::tls::TlsContext::replace_identities).
    pub fn identities(mut self, identities: Identities) -> Self {
        self.config.identities = identities;
        self
    }

    /// Roots to verify the peer by. The first call replaces the system's, every
    /// further one adds. A server needs them for [`client_auth`](Self::client_auth).
    pub fn roots(mut self, roots: Pem) -> Self {
        self.config.roots.push(roots);
        self
    }

    /// Whether a server asks for certificates. It needs [`roots`](Self::roots):
    /// who may connect is not for the system to say.
    pub fn client_auth(mut self, client_auth: ClientAuth) -> Self {
        self.config.client_auth = client_auth;
        self
    }

    /// The protocols to offer or accept, best first (RFC 7301, line B36). A
    /// server refuses a client that offers others only.
    pub fn alpn<P: Into<Vec<u8>>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.config.alpn = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// The lowest version to accept.
    pub fn min_version(mut self, version: TlsVersion) -> Self {
        self.config.min_version = version;
        self
    }

    /// The highest version to offer.
    pub fn max_version(mut self, version: TlsVersion) -> Self {
        self.config.max_version = version;
        self
    }

    /// Whether sessions are kept and resumed: a client's cache, a server's
    /// tickets and cache.
    pub fn resumption(mut self, on: bool) -> Self {
        self.config.resumption = on;
        self
    }

    /// Appends the secrets of every connection to a file, for a packet analyser
    /// (the format of NSS' `SSLKEYLOGFILE`). Who can read it can read the
    /// connections.
    pub fn key_log_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.key_log = Some(path.into());
        self
    }

    /// Takes identities that have expired. Peers refuse them.
    pub fn allow_expired_identities(mut self) -> Self {
        self.config.allow_expired_identities = true;
        self
    }

    /// Lets a client accept **any** certificate of a server. Whoever sits in
    /// between can read and change everything: for tests.
    pub fn danger_accept_any_certificate(mut self) -> Self {
        self.config.server_check = ServerCheck::DangerNothing;
        self
    }

    /// Lets a client accept a certificate that is valid, but for **another**
    /// name. Whoever has any valid certificate can sit in between.
    pub fn danger_accept_any_name(mut self) -> Self {
        self.config.server_check = ServerCheck::DangerNotTheName;
        self
    }

    /// A client's context. Reads the files.
    ///
    /// # Errors
    ///
    /// [`Config`](loopline_core::tls::TlsErrorKind::Config) with a
    /// [`ConfigError`] that names the file.
    pub fn build_client(self) -> Result<RustlsContext, TlsError> {
        self.config.check()?;
        let provider = self.provider_or_default()?;
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&self.versions())
            .map_err(library)?;
        let config = match self.config.server_check {
            ServerCheck::All => {
                let verifier = WebPkiServerVerifier::builder_with_provider(
                    self.any_roots()?,
                    Arc::clone(&provider),
                )
                .build()
                // The one reason it has without revocation lists.
                .map_err(|_| ConfigError::NoRoots)?;
                config.with_webpki_verifier(verifier)
            }
            check => {
                let roots = match check {
                    ServerCheck::DangerNothing => None,
                    _ => Some(self.any_roots()?),
                };
                let algorithms = provider.signature_verification_algorithms;
                config
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(Lenient { roots, algorithms }))
            }
        };
        let allow_expired = self.config.allow_expired_identities;
        let load = |identity: &_| certificates::load(identity, &provider, allow_expired);
        let mut config = match self.config.identities.load(load)?.any() {
            Some(pair) => {
                let pair = SingleCertAndKey::from(pair.clone());
                config.with_client_cert_resolver(Arc::new(pair))
            }
            None => config.with_no_client_auth(),
        };
        config.key_log = self.open_key_log()?;
        if !self.config.resumption {
            config.resumption = Resumption::disabled();
        }
        config.alpn_protocols = self.config.alpn;
        Ok(RustlsContext::from_client_config(Arc::new(config)))
    }

    /// A server's context. Reads the files.
    ///
    /// # Errors
    ///
    /// [`Config`](loopline_core::tls::TlsErrorKind::Config) with a
    /// [`ConfigError`] that names the file.
    pub fn build_server(self) -> Result<RustlsContext, TlsError> {
        self.config.check()?;
        let provider = self.provider_or_default()?;
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&self.versions())
            .map_err(library)?;
        let config = match self.client_verifier(&provider)? {
            Some(verifier) => config.with_client_cert_verifier(verifier),
            None => config.with_no_client_auth(),
        };
        let allow_expired = self.config.allow_expired_identities;
        let chooser = Chooser::new(&self.config.identities, provider, allow_expired)?;
        let chooser = Arc::new(chooser);
        let mut config = config.with_cert_resolver(Arc::clone(&chooser) as _);
        config.key_log = self.open_key_log()?;
        if !self.config.resumption {
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        } else if let Some(ticketer) = provider::ticketer() {
            config.ticketer = ticketer.map_err(library)?;
        }
        config.alpn_protocols = self.config.alpn;
        Ok(RustlsContext::with_chooser(Arc::new(config), chooser))
    }

    fn provider_or_default(&self) -> Result<Arc<CryptoProvider>, ConfigError> {
        let given = self.provider.clone();
        given.or_else(provider::by_feature).ok_or_else(|| {
            const NONE: &str =
                "no provider of cryptography: give one, or enable a feature that does";
            ConfigError::Library(NONE.into())
        })
    }

    fn versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        let all = [
            (TlsVersion::Tls13, &version::TLS13),
            (TlsVersion::Tls12, &version::TLS12),
        ];
        let wanted = self.config.min_version..=self.config.max_version;
        all.into_iter()
            .filter(|(version, _)| wanted.contains(version))
            .map(|(_, version)| version)
            .collect()
    }

    fn any_roots(&self) -> Result<Arc<rustls::RootCertStore>, ConfigError> {
        if self.config.roots.is_empty() {
            certificates::system_roots()
        } else {
            certificates::given_roots(&self.config.roots)
        }
    }

    fn client_verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Option<Arc<dyn ClientCertVerifier>>, ConfigError> {
        if self.config.client_auth == ClientAuth::None {
            return Ok(None);
        }
        let roots = certificates::given_roots(&self.config.roots)?;
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider));
        let verifier = match self.config.client_auth {
            ClientAuth::Optional => verifier.allow_unauthenticated(),
            _ => verifier,
        };
        // The one reason it has without revocation lists: there are no roots.
        verifier.build().map(Some).map_err(|_| ConfigError::NoRoots)
    }

    fn open_key_log(&self) -> Result<Arc<dyn KeyLog>, ConfigError> {
        Ok(match &self.config.key_log {
            Some(path) => Arc::new(KeyLogTo(KeyLogFile::open(path)?)),
            None => Arc::new(NoKeyLog),
        })
    }
}

fn library(error: Error) -> ConfigError {
    ConfigError::Library(error.into())
}
