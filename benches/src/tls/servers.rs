//! What servers have: a key on P-256, and tickets that need no memory of their
//! own.

use std::sync::Arc;

use loopline::openssl::{OpensslContext, Pem};
use openssl::pkey::PKey;
use openssl::ssl::{SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions};
use openssl::x509::X509;
use rcgen::{CertifiedKey, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring::{Ticketer, default_provider};
use rustls::pki_types::PrivateKeyDer;

use super::NAME;
use crate::Fallible;

fn identity() -> Fallible<CertifiedKey<KeyPair>> {
    Ok(rcgen::generate_simple_self_signed([NAME.to_owned()])?)
}

/// For every server on rustls.
pub(crate) fn rustls_config() -> Fallible<Arc<ServerConfig>> {
    let made = identity()?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    config.ticketer = Ticketer::new()?;
    Ok(Arc::new(config))
}

/// For loopline on OpenSSL.
pub(crate) fn openssl_context() -> Fallible<OpensslContext> {
    let made = identity()?;
    let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let builder = OpensslContext::builder();
    let builder = builder.identity(Pem::bytes(chain), Pem::bytes(key));
    Ok(builder.build_server()?)
}

/// For every other server on OpenSSL: set up as loopline's is, so that both
/// hold and release the same memory.
pub(crate) fn openssl_builder() -> Fallible<SslContextBuilder> {
    let made = identity()?;
    let mut context = SslContext::builder(SslMethod::tls_server())?;
    context.set_certificate(&*X509::from_der(made.cert.der())?)?;
    context.set_private_key(&*PKey::private_key_from_der(
        &made.signing_key.serialize_der(),
    )?)?;
    context.set_session_id_context(b"benchmark")?;
    context.set_options(SslOptions::NO_RENEGOTIATION | SslOptions::CIPHER_SERVER_PREFERENCE);
    context.set_mode(SslMode::RELEASE_BUFFERS | SslMode::NO_AUTO_CHAIN);
    Ok(context)
}
