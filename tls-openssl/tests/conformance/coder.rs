//! OpenSSL as the suite wants it; the matrix of the root package has it too.

use loopline_conformance::{TlsClientAuth, TlsCoder, TlsParts, TlsSide};
use loopline_core::tls::TlsError;
use loopline_tls_openssl::{ClientAuth, OpensslContext, Pem};

/// OpenSSL, the system's or a vendored one.
pub(crate) fn coder() -> TlsCoder {
    TlsCoder::new("openssl", context)
}

fn context(parts: &TlsParts) -> Result<OpensslContext, TlsError> {
    let mut builder = OpensslContext::builder()
        .min_version(parts.min_version)
        .max_version(parts.max_version)
        .alpn(parts.alpn.clone())
        .resumption(parts.resumption)
        .allow_expired_identities()
        .client_auth(match parts.client_auth {
            TlsClientAuth::None => ClientAuth::None,
            TlsClientAuth::Optional => ClientAuth::Optional,
            TlsClientAuth::Required => ClientAuth::Required,
        });
    if let Some(identity) = &parts.identity {
        builder = builder.identity(Pem::bytes(&*identity.chain), Pem::bytes(&*identity.key));
    }
    if let Some(roots) = &parts.roots {
        builder = builder.roots(Pem::bytes(&**roots));
    }
    match parts.side {
        TlsSide::Client => builder.build_client(),
        TlsSide::Server => builder.build_server(),
    }
}
