//! What makes coders.

use std::path::PathBuf;
use std::sync::Arc;

use loopline_core::tls::{Coder, Identities, Pem, ServerName, TlsContext, TlsError, TlsErrorKind};
use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;
use rustls::{ClientConfig, ServerConfig};

use crate::builder::Builder;
use crate::coder::RustlsCoder;
use crate::error::tls_error;
use crate::identities::Chooser;
use crate::sni::NotesName;

/// A rustls configuration for clients, for servers, or for both. A clone shares
/// it, session caches included.
#[derive(Clone, Debug)]
pub struct RustlsContext {
    client: Option<Arc<ClientConfig>>,
    server: Option<Arc<ServerConfig>>,
    chooser: Option<Arc<Chooser>>,
}

impl RustlsContext {
    /// The parts of a context, to be given one by one.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A client's that trusts what the system trusts, with everything else at
    /// its default.
    ///
    /// # Errors
    ///
    /// [`Config`](TlsErrorKind::Config) if the system has no usable roots, and
    /// if no feature names a provider.
    pub fn client_with_system_roots() -> Result<Self, TlsError> {
        Self::builder().build_client()
    }

    /// A client's that trusts the certificates in a PEM file and no others.
    ///
    /// # Errors
    ///
    /// [`Config`](TlsErrorKind::Config) with a
    /// [`ConfigError`](crate::ConfigError) that names the file.
    pub fn client_with_roots(file: impl Into<PathBuf>) -> Result<Self, TlsError> {
        Self::builder().roots(Pem::file(file)).build_client()
    }

    /// A server's, with a chain of certificates and its key in PEM files.
    ///
    /// # Errors
    ///
    /// [`Config`](TlsErrorKind::Config) with a
    /// [`ConfigError`](crate::ConfigError) that names the file.
    pub fn server_with_files(
        chain: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Result<Self, TlsError> {
        Self::builder()
            .identity(Pem::file(chain), Pem::file(key))
            .build_server()
    }

    /// A client's, of a ready configuration. Early data is switched off in it:
    /// coders have none.
    #[must_use]
    pub fn from_client_config(config: Arc<ClientConfig>) -> Self {
        let client = if config.enable_early_data {
            let mut config = Arc::unwrap_or_clone(config);
            config.enable_early_data = false;
            Arc::new(config)
        } else {
            config
        };
        Self {
            client: Some(client),
            server: None,
            chooser: None,
        }
    }

    /// A server's, of a ready configuration. Early data is switched off in it,
    /// as coders have none (and it can be replayed, RFC 8446, section 8); and its
    /// certificate resolver is wrapped in one that notes the name that the client
    /// asks for.
    #[must_use]
    pub fn from_server_config(config: Arc<ServerConfig>) -> Self {
        let mut config = Arc::unwrap_or_clone(config);
        config.max_early_data_size = 0;
        config.cert_resolver = Arc::new(NotesName(config.cert_resolver));
        Self {
            client: None,
            server: Some(Arc::new(config)),
            chooser: None,
        }
    }

    pub(crate) fn with_chooser(config: Arc<ServerConfig>, chooser: Arc<Chooser>) -> Self {
        Self {
            chooser: Some(chooser),
            ..Self::from_server_config(config)
        }
    }

    /// This context for the side that it has, and `other` for the side that it
    /// lacks.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            client: self.client.or(other.client),
            chooser: match self.server {
                Some(_) => self.chooser,
                None => other.chooser,
            },
            server: self.server.or(other.server),
        }
    }
}

impl TlsContext for RustlsContext {
    /// The coder of a client (line B7).
    fn client(&self, name: &ServerName<'static>) -> Result<Box<dyn Coder>, TlsError> {
        let Some(config) = &self.client else {
            return Err(TlsErrorKind::Misuse("the TLS context is a server's alone").into());
        };
        // As it is sent: an address not at all, and a name without the dot behind
        // it (RFC 6066, section 3).
        let sent = match name {
            ServerName::DnsName(name) if config.enable_sni => {
                let name = name.as_ref();
                Some(Box::from(name.strip_suffix('.').unwrap_or(name)))
            }
            _ => None,
        };
        let conn = UnbufferedClientConnection::new(Arc::clone(config), name.clone());
        Ok(Box::new(RustlsCoder::new(conn.map_err(tls_error)?, sent)))
    }

    /// The coder of a server.
    fn server(&self) -> Result<Box<dyn Coder>, TlsError> {
        let Some(config) = &self.server else {
            return Err(TlsErrorKind::Misuse("the TLS context is a client's alone").into());
        };
        let conn = UnbufferedServerConnection::new(Arc::clone(config));
        Ok(Box::new(RustlsCoder::new(conn.map_err(tls_error)?, None)))
    }

    fn replace_identities(&self, identities: &Identities) -> Result<(), TlsError> {
        match &self.chooser {
            Some(chooser) => Ok(chooser.replace(identities)?),
            None => Err(TlsErrorKind::Unsupported.into()),
        }
    }
}
