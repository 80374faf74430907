//! Contexts and connected pairs.

use loopline_core::tls::{Progress, ServerName, TlsContext, TlsVersion};
use loopline_tls_openssl::openssl::pkey::PKey;
use loopline_tls_openssl::openssl::ssl::{SslContext, SslContextBuilder, SslMethod, SslVersion};
use loopline_tls_openssl::openssl::x509::X509;
use loopline_tls_openssl::{Builder, OpensslContext};
use loopline_tls_rustls::RustlsContext;

use crate::certs::{AUTHORITY, NAME, SERVER};
use crate::end::{CUTS, Cut, End, exchange};

pub const VERSIONS: [TlsVersion; 2] = [TlsVersion::Tls12, TlsVersion::Tls13];

/// The alert for a record of a type that there is not: unexpected_message (RFC 8446,
/// section 5).
pub const NO_SUCH_TYPE: u8 = 10;

/// A server of one version.
pub fn server(version: TlsVersion) -> Builder {
    OpensslContext::builder()
        .identity(SERVER.chain(), SERVER.key())
        .min_version(version)
        .max_version(version)
}

/// A client of one version.
pub fn client(version: TlsVersion) -> Builder {
    OpensslContext::builder()
        .roots(AUTHORITY.root())
        .min_version(version)
        .max_version(version)
}

pub fn openssl_client(version: TlsVersion) -> OpensslContext {
    client(version).build_client().unwrap()
}

pub fn openssl_server(version: TlsVersion) -> OpensslContext {
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
pub fn ready_server(
    version: TlsVersion,
    change: impl FnOnce(&mut SslContextBuilder),
) -> OpensslContext {
    let context = ready(SslMethod::tls_server(), version, |context| {
        let certificate = X509::from_pem(SERVER.chain.as_bytes()).unwrap();
        let key = PKey::private_key_from_pem(SERVER.key.as_bytes()).unwrap();
        context.set_certificate(&certificate).unwrap();
        context.set_private_key(&key).unwrap();
        context.set_session_id_context(b"test").unwrap();
        change(context);
    });
    OpensslContext::from_server_context(context)
}

/// A client of a ready context.
pub fn ready_client(
    version: TlsVersion,
    change: impl FnOnce(&mut SslContextBuilder),
) -> OpensslContext {
    OpensslContext::from_client_context(ready(SslMethod::tls_client(), version, change))
}

pub fn name() -> ServerName<'static> {
    ServerName::try_from(NAME).unwrap()
}

/// Both ends, started.
pub struct Pair {
    pub client: End,
    pub server: End,
}

impl Pair {
    pub fn new(client: &dyn TlsContext, server: &dyn TlsContext) -> Self {
        Self {
            client: End::started(client.client(&name()).unwrap()),
            server: End::started(server.server().unwrap()),
        }
    }

    /// The pair that a client and a server of this version are.
    pub fn of(version: TlsVersion) -> Self {
        Self::new(
            &client(version).build_client().unwrap(),
            &server(version).build_server().unwrap(),
        )
    }

    /// The same, with the handshake done.
    pub fn open(version: TlsVersion) -> Self {
        Self::of(version).opened(Cut::Whole)
    }

    pub fn opened(mut self, cut: Cut) -> Self {
        exchange(&mut self.client, &mut self.server, cut).unwrap();
        assert_eq!(self.client.progress, Progress::Open);
        assert_eq!(self.server.progress, Progress::Open);
        assert!(self.client.input.is_empty() && self.server.input.is_empty());
        self
    }

    /// Sends `plain` both ways.
    pub fn talk(&mut self, plain: &[u8], cut: Cut) {
        self.client.send(plain).unwrap();
        self.server.send(plain).unwrap();
        exchange(&mut self.client, &mut self.server, cut).unwrap();
        assert!(self.client.take_plain() == plain && self.server.take_plain() == plain);
    }
}

/// Runs `test` for every version and cut.
pub fn for_all(test: impl Fn(TlsVersion, Cut)) {
    for version in VERSIONS {
        for cut in CUTS {
            test(version, cut);
        }
    }
}
