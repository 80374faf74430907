//! The certificate that a server shows.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use loopline::tls::{ClientAuth, Identities, Identity, Pem, Provider, TlsConfig, TlsContext};

use crate::exit::Failure;
use crate::self_signed::SelfSigned;

/// Where the certificate and its key come from.
#[derive(Debug, Args)]
pub(crate) struct TlsArguments {
    /// The certificate to show in TLS, followed by those between it and a root.
    #[arg(long, value_name = "PEM", requires = "tls_key", group = "identity")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate.
    #[arg(long, value_name = "PEM", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Makes up a certificate for localhost, which no client can verify.
    #[arg(long, conflicts_with_all = ["tls_cert", "tls_key"], group = "identity")]
    tls_self_signed: bool,
    /// The root certificates that clients have to show certificates of.
    #[arg(long, value_name = "PEM", requires = "identity")]
    tls_client_ca: Option<PathBuf>,
    /// The TLS library, of those that were built in.
    #[arg(long, value_name = "NAME", default_value_t = Provider::Rustls)]
    tls_provider: Provider,
}

impl TlsArguments {
    /// The context to serve with, for these protocols of ALPN; none if no
    /// argument asks for TLS.
    ///
    /// # Errors
    ///
    /// A usage failure that names the file which cannot be used.
    pub(crate) fn context(
        &self,
        address: IpAddr,
        protocols: &[&str],
    ) -> Result<Option<Arc<dyn TlsContext>>, Failure> {
        let identity = if self.tls_self_signed {
            SelfSigned::make([address.to_string()])?.identity()
        } else if let (Some(chain), Some(key)) = (&self.tls_cert, &self.tls_key) {
            Identity {
                chain: Pem::file(chain),
                key: Pem::file(key),
            }
        } else {
            return Ok(None);
        };
        let mut config = TlsConfig::default();
        config.identities = Identities::new().any(identity);
        if let Some(roots) = &self.tls_client_ca {
            config.roots = vec![Pem::file(roots)];
            config.client_auth = ClientAuth::Required;
        }
        config.alpn = protocols.iter().map(|name| (*name).into()).collect();
        let context = self.tls_provider.server(config);
        context.map(Some).map_err(Failure::usage)
    }
}
