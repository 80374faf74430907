//! What is rustls' own: contexts, and where it answers in its own way.

use std::sync::Arc;

use loopline_core::tls::TlsVersion;
pub use loopline_tls_rustls::{
    Builder, ClientAuth, ConfigError, Origin, Pem, RustlsContext as Context,
};
use rustls::crypto::CryptoProvider;

use crate::certs::{AUTHORITY, SERVER};
use crate::end::{CUTS, Cut};
use crate::pair::VERSIONS;

/// The alert for a record of a type that there is not: decode_error, as rustls says to
/// everything that it cannot read.
pub const NO_SUCH_TYPE: u8 = 50;

/// The alert for a name that no certificate is for: access_denied. RFC 6066, section 3,
/// means 112.
pub const NO_SUCH_NAME: u8 = 49;

/// The alert for a certificate of the future: certificate_expired.
pub const NOT_YET_VALID: u8 = 45;

/// The alert for no certificate before TLS 1.3: certificate_required, which is 1.3's.
pub const NO_CERTIFICATE: u8 = 116;

/// Every provider that is compiled in.
pub fn providers() -> Vec<Arc<CryptoProvider>> {
    vec![
        Arc::new(rustls::crypto::ring::default_provider()),
        #[cfg(feature = "aws-lc-rs")]
        Arc::new(rustls::crypto::aws_lc_rs::default_provider()),
    ]
}

pub fn ring() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

pub fn builder() -> Builder {
    Context::builder().provider(ring())
}

/// A server of one version.
pub fn server(version: TlsVersion) -> Builder {
    builder()
        .identity(SERVER.chain(), SERVER.key())
        .min_version(version)
        .max_version(version)
}

/// A client of one version.
pub fn client(version: TlsVersion) -> Builder {
    builder()
        .roots(AUTHORITY.root())
        .min_version(version)
        .max_version(version)
}

/// Runs `test` for a client and a server of every provider, version and cut.
pub fn for_all(test: impl Fn(Builder, Builder, TlsVersion, Cut)) {
    for provider in providers() {
        for version in VERSIONS {
            for cut in CUTS {
                let client = client(version).provider(Arc::clone(&provider));
                let server = server(version).provider(Arc::clone(&provider));
                test(client, server, version, cut);
            }
        }
    }
}
