//! The certificate that a server shows.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use loopline::rustls::{Pem, RustlsContext};

use crate::exit::Failure;
use crate::self_signed::SelfSigned;

/// Where the certificate and its key come from.
#[derive(Debug, Args)]
pub(crate) struct TlsArguments {
    /// The certificate to show in TLS, followed by those between it and a root.
    #[arg(long, value_name = "PEM", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate.
    #[arg(long, value_name = "PEM", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Makes up a certificate for localhost, which no client can verify.
    #[arg(long, conflicts_with_all = ["tls_cert", "tls_key"])]
    tls_self_signed: bool,
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
    ) -> Result<Option<RustlsContext>, Failure> {
        let builder = if self.tls_self_signed {
            SelfSigned::make([address.to_string()])?.identity()
        } else if let (Some(chain), Some(key)) = (&self.tls_cert, &self.tls_key) {
            RustlsContext::builder().identity(Pem::file(chain), Pem::file(key))
        } else {
            return Ok(None);
        };
        let context = builder.alpn(protocols.iter().copied()).build_server();
        context.map(Some).map_err(Failure::usage)
    }
}
