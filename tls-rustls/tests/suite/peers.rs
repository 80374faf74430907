//! Contexts and connected pairs.

use std::sync::Arc;

use loopline_core::tls::{Progress, ServerName, TlsContext, TlsVersion};
use loopline_tls_rustls::{Builder, RustlsContext};
use rustls::crypto::CryptoProvider;

use crate::certs::{AUTHORITY, NAME, SERVER};
use crate::end::{CUTS, Cut, End, exchange};

pub const VERSIONS: [TlsVersion; 2] = [TlsVersion::Tls12, TlsVersion::Tls13];

/// The alert for a record of a type that there is not: decode_error, as rustls says to
/// everything that it cannot read.
pub const NO_SUCH_TYPE: u8 = 50;

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

/// A server of one version.
pub fn server(version: TlsVersion) -> Builder {
    RustlsContext::builder()
        .provider(ring())
        .identity(SERVER.chain(), SERVER.key())
        .min_version(version)
        .max_version(version)
}

/// A client of one version.
pub fn client(version: TlsVersion) -> Builder {
    RustlsContext::builder()
        .provider(ring())
        .roots(AUTHORITY.root())
        .min_version(version)
        .max_version(version)
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
    pub fn new(client: &RustlsContext, server: &RustlsContext) -> Self {
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

/// Runs `test` for every provider, version and cut.
pub fn for_all(test: impl Fn(Arc<CryptoProvider>, TlsVersion, Cut)) {
    for provider in providers() {
        for version in VERSIONS {
            for cut in CUTS {
                test(Arc::clone(&provider), version, cut);
            }
        }
    }
}
