//! rustls as the suite wants it; the matrix of the root package has it too.

use loopline_conformance::{TlsCoder, TlsSide};
use loopline_core::tls::{TlsConfig, TlsError};
use loopline_tls_rustls::{Builder, RustlsContext};

/// rustls, with the provider that a feature names.
pub(crate) fn coder() -> TlsCoder {
    TlsCoder::new("rustls", context)
}

fn context(side: TlsSide, config: &TlsConfig) -> Result<RustlsContext, TlsError> {
    let builder = Builder::from(config.clone());
    match side {
        TlsSide::Client => builder.build_client(),
        TlsSide::Server => builder.build_server(),
    }
}
