//! What is OpenSSL's own: contexts, and where it answers in its own way.

use loopline_core::tls::TlsVersion;
use loopline_tls_openssl::openssl::pkey::PKey;
use loopline_tls_openssl::openssl::ssl::{SslContext, SslContextBuilder, SslMethod, SslVersion};
use loopline_tls_openssl::openssl::x509::X509;
pub use loopline_tls_openssl::{
    Builder, ClientAuth, ConfigError, OpensslContext as Context, Origin, Pem,
};
use loopline_tls_rustls::RustlsContext;

use crate::certs::{AUTHORITY, SERVER};
use crate::end::{CUTS, Cut};
use crate::pair::VERSIONS;

/// The alert for a record of a type that there is not: unexpected_message (RFC 8446,
/// section 5).
pub const NO_SUCH_TYPE: u8 = 10;

/// The alert for a name that no certificate is for: unrecognized_name (RFC 6066,
/// section 3).
pub const NO_SUCH_NAME: u8 = 112;

/// The alert for a certificate of the future: bad_certificate.
pub const NOT_YET_VALID: u8 = 42;

/// The alert for no certificate before TLS 1.3: handshake_failure (RFC 5246, section
/// 7.4.6).
pub const NO_CERTIFICATE: u8 = 40;

pub fn builder() -> Builder {
    Context::builder()
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

pub fn openssl_client(version: TlsVersion) -> Context {
    client(version).build_client().unwrap()
}

pub fn openssl_server(version: TlsVersion) -> Context {
    server(version).build_server().unwrap()
}

pub fn rustls_client(version: TlsVersion) -> RustlsContext {
    let client = RustlsContext::builder()
        .roots(AUTHORITY.root())
        .min_version(version)
        .max_version(version);
    client.build_client().unwrap()
}

pub fn rustls_server(version: TlsVersion) -> RustlsContext {
    let server = RustlsContext::builder()
        .identity(SERVER.chain(), SERVER.key())
        .min_version(version)
        .max_version(version);
    server.build_server().unwrap()
}

/// A ready context of one version, changed by `change`.
fn ready(
    method: SslMethod,
    version: TlsVersion,
    change: impl FnOnce(&mut SslContextBuilder),
) -> SslContext {
    let mut context = SslContext::builder(method).unwrap();
    let version = match version {
        TlsVersion::Tls12 => SslVersion::TLS1_2,
        _ => SslVersion::TLS1_3,
    };
    context.set_min_proto_version(Some(version)).unwrap();
    context.set_max_proto_version(Some(version)).unwrap();
    let root = X509::from_pem(AUTHORITY.root.as_bytes()).unwrap();
    context.cert_store_mut().add_cert(root).unwrap();
    change(&mut context);
    context.build()
}

/// A server of a ready context.
pub fn ready_server(version: TlsVersion, change: impl FnOnce(&mut SslContextBuilder)) -> Context {
    let context = ready(SslMethod::tls_server(), version, |context| {
        let certificate = X509::from_pem(SERVER.chain.as_bytes()).unwrap();
        let key = PKey::private_key_from_pem(SERVER.key.as_bytes()).unwrap();
        context.set_certificate(&certificate).unwrap();
        context.set_private_key(&key).unwrap();
        context.set_session_id_context(b"test").unwrap();
        change(context);
    });
    Context::from_server_context(context)
}

/// A client of a ready context.
pub fn ready_client(version: TlsVersion, change: impl FnOnce(&mut SslContextBuilder)) -> Context {
    Context::from_client_context(ready(SslMethod::tls_client(), version, change))
}

/// Runs `test` for a client and a server of every version and cut.
pub fn for_all(test: impl Fn(Builder, Builder, TlsVersion, Cut)) {
    for version in VERSIONS {
        for cut in CUTS {
            test(client(version), server(version), version, cut);
        }
    }
}
