//! What makes coders.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use loopline_core::tls::{
    Coder, Identities, Pem, ServerCheck, ServerName, TlsContext, TlsError, TlsErrorKind,
};
use openssl::error::ErrorStack;
use openssl::ssl::{Ssl, SslContext, SslVerifyMode};
use openssl::x509::verify::X509CheckFlags;

use crate::builder::Builder;
use crate::coder::OpensslCoder;
use crate::error::stack_error;
use crate::identities::Chooser;
use crate::sys::Resuming;

/// OpenSSL contexts for clients, for servers, or for both. A clone shares them,
/// session caches included.
#[derive(Clone, Debug)]
pub struct OpensslContext {
    client: Option<Client>,
    server: Option<SslContext>,
    chooser: Option<Arc<Chooser>>,
}

/// A client's side.
#[derive(Clone, Debug)]
struct Client {
    makes: Makes,
    /// What is checked; none leaves it to the context.
    check: Option<ServerCheck>,
}

/// What connections come from.
#[derive(Clone, Debug)]
pub(crate) enum Makes {
    /// Every one begins anew, or does what the context says.
    Fresh(SslContext),
    /// They resume sessions.
    Resuming(Resuming),
}

impl OpensslContext {
    /// The parts of a context, to be given one by one.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A client's that trusts what the system trusts, with everything else at
    /// its default.
    ///
    /// # Errors
    ///
    /// [`Config`](TlsErrorKind::Config) if the system has no usable roots.
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

    /// A client's, of a ready context. The server's certificate has to be valid
    /// for its name, whatever the context says of verification: OpenSSL's own
    /// default is to verify nothing. Sessions are resumed only by
    /// [contexts that are built here](Self::builder), as OpenSSL keeps none for a
    /// client.
    #[must_use]
    pub fn from_client_context(context: SslContext) -> Self {
        Self::of_client(Makes::Fresh(context), Some(ServerCheck::All))
    }

    /// A client's, of a ready context that alone says what is verified. The name
    /// is sent and **not checked**; and a context that does not say otherwise
    /// verifies nothing, so that whoever sits in between can read and change
    /// everything.
    #[must_use]
    pub fn danger_from_client_context(context: SslContext) -> Self {
        Self::of_client(Makes::Fresh(context), None)
    }

    /// A server's, of a ready context. Early data is switched off, as coders have
    /// none (and it can be replayed, RFC 8446, section 8). The name that a client
    /// asks for is known after a resumption in TLS 1.2 only if the context has a
    /// callback for names.
    #[must_use]
    pub fn from_server_context(context: SslContext) -> Self {
        Self {
            client: None,
            server: Some(context),
            chooser: None,
        }
    }

    pub(crate) fn of_client(makes: Makes, check: Option<ServerCheck>) -> Self {
        Self {
            client: Some(Client { makes, check }),
            server: None,
            chooser: None,
        }
    }

    pub(crate) fn with_chooser(context: SslContext, chooser: Arc<Chooser>) -> Self {
        Self {
            chooser: Some(chooser),
            ..Self::from_server_context(context)
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

impl Client {
    /// A connection to a server, which has not begun.
    fn connection(&self, name: &ServerName<'_>, sent: Option<&str>) -> Result<Ssl, ErrorStack> {
        let mut ssl = match &self.makes {
            Makes::Fresh(context) => Ssl::new(context)?,
            Makes::Resuming(context) => context.connection(&name.to_str())?,
        };
        ssl.set_connect_state();
        if let Some(sent) = sent {
            ssl.set_hostname(sent)?;
        }
        match self.check {
            Some(ServerCheck::DangerNothing) => ssl.set_verify(SslVerifyMode::NONE),
            Some(_) => ssl.set_verify(SslVerifyMode::PEER),
            None => {}
        }
        if self.check == Some(ServerCheck::All) {
            let param = ssl.param_mut();
            // As RFC 9525 has it: no wildcard within a label, and the common name
            // is no place for a server's name.
            param.set_hostflags(
                X509CheckFlags::NO_PARTIAL_WILDCARDS | X509CheckFlags::NEVER_CHECK_SUBJECT,
            );
            match (name, sent) {
                (ServerName::IpAddress(address), _) => param.set_ip(IpAddr::from(*address))?,
                (_, Some(sent)) => param.set_host(sent)?,
                (_, None) => param.set_host(&name.to_str())?,
            }
        }
        Ok(ssl)
    }
}

impl TlsContext for OpensslContext {
    /// The coder of a client (line B7).
    fn client(&self, name: &ServerName<'static>) -> Result<Box<dyn Coder>, TlsError> {
        let Some(client) = &self.client else {
            return Err(TlsErrorKind::Misuse("the TLS context is a server's alone").into());
        };
        // As it is sent: an address not at all, and a name without the dot behind
        // it (RFC 6066, section 3).
        let sent = match name {
            ServerName::DnsName(name) => {
                let name = name.as_ref();
                Some(name.strip_suffix('.').unwrap_or(name))
            }
            ServerName::IpAddress(_) => None,
            _ => return Err(TlsErrorKind::Misuse("TLS cannot verify a name of this type").into()),
        };
        let ssl = client.connection(name, sent).map_err(stack_error)?;
        Ok(Box::new(OpensslCoder::new(ssl, sent.map(Box::from))?))
    }

    /// The coder of a server.
    fn server(&self) -> Result<Box<dyn Coder>, TlsError> {
        let Some(context) = &self.server else {
            return Err(TlsErrorKind::Misuse("the TLS context is a client's alone").into());
        };
        let mut ssl = Ssl::new(context).map_err(stack_error)?;
        ssl.set_accept_state();
        ssl.set_max_early_data(0).map_err(stack_error)?;
        Ok(Box::new(OpensslCoder::new(ssl, None)?))
    }

    fn replace_identities(&self, identities: &Identities) -> Result<(), TlsError> {
        match &self.chooser {
            Some(chooser) => Ok(chooser.replace(identities)?),
            None => Err(TlsErrorKind::Unsupported.into()),
        }
    }
}
