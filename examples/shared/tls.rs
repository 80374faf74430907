//! The certificate that a server shows.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use loopline::rustls::{Builder, Pem, RustlsContext};

use crate::exit::Failure;

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

/// A certificate that was made up for this process.
pub(crate) struct SelfSigned {
    certificate: String,
    key: String,
}

impl SelfSigned {
    /// For localhost, by name and by address, and for further names.
    ///
    /// # Errors
    ///
    /// Why there is no certificate.
    pub(crate) fn make(further: impl IntoIterator<Item = String>) -> Result<Self, Failure> {
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let mut names: Vec<_> = names.into_iter().chain(further).collect();
        names.sort_unstable();
        names.dedup();
        let made = rcgen::generate_simple_self_signed(names)
            .map_err(|error| Failure::job(format_args!("cannot make a certificate: {error}")))?;
        Ok(Self {
            certificate: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
        })
    }

    /// The beginning of a server's context.
    pub(crate) fn identity(&self) -> Builder {
        let chain = Pem::bytes(self.certificate.as_bytes());
        RustlsContext::builder().identity(chain, Pem::bytes(self.key.as_bytes()))
    }
}
