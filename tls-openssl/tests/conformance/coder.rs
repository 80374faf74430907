//! OpenSSL as the suite wants it; the matrix of the root package has it too.

use loopline_conformance::{TlsCoder, TlsSide};
use loopline_core::tls::{TlsConfig, TlsError};
use loopline_tls_openssl::{Builder, OpensslContext};

/// OpenSSL, the system's or a vendored one.
pub(crate) fn coder() -> TlsCoder {
    TlsCoder::new("openssl", context)
}

fn context(side: TlsSide, config: &TlsConfig) -> Result<OpensslContext, TlsError> {
    let builder = Builder::from(config.clone());
    match side {
        TlsSide::Client => builder.build_client(),
        TlsSide::Server => builder.build_server(),
    }
}
