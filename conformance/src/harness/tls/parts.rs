//! What contexts are asked for.

use loopline_core::tls::{ClientAuth, Identities, Identity, ServerName, TlsConfig, TlsVersion};

use super::authority::{AUTHORITY, NAME, SERVER};
use crate::TlsSide;

pub(crate) const VERSIONS: [TlsVersion; 2] = [TlsVersion::Tls12, TlsVersion::Tls13];

/// What a context is made of, and for which side.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) side: TlsSide,
    pub(crate) config: TlsConfig,
}

/// A client of any version.
pub(crate) fn client() -> Parts {
    Parts::new(TlsSide::Client).trusting()
}

/// A server of any version.
pub(crate) fn server() -> Parts {
    Parts::new(TlsSide::Server).identity(&SERVER)
}

/// The name that a client asks for, if nothing else is said.
pub(crate) fn name() -> ServerName<'static> {
    named(NAME)
}

/// A name or an address.
#[allow(clippy::expect_used, reason = "the suite's own names are names")]
pub(crate) fn named(name: &str) -> ServerName<'static> {
    ServerName::try_from(name.to_owned()).expect("a name")
}

impl Parts {
    /// One without a certificate, that trusts nobody and keeps no session.
    fn new(side: TlsSide) -> Self {
        let mut config = TlsConfig::default();
        config.resumption = false;
        config.allow_expired_identities = true;
        Self { side, config }
    }

    pub(crate) fn version(mut self, version: TlsVersion) -> Self {
        self.config.min_version = version;
        self.config.max_version = version;
        self
    }

    pub(crate) fn identity(mut self, identity: &Identity) -> Self {
        self.config.identities = Identities::new().any(identity.clone());
        self
    }

    pub(crate) fn alpn(mut self, protocols: &[&str]) -> Self {
        let protocols = protocols.iter();
        self.config.alpn = protocols
            .map(|protocol| protocol.as_bytes().to_vec())
            .collect();
        self
    }

    pub(crate) fn resuming(mut self) -> Self {
        self.config.resumption = true;
        self
    }

    /// A server that asks for certificates of the suite's authority.
    pub(crate) fn asking(mut self, client_auth: ClientAuth) -> Self {
        self.config.client_auth = client_auth;
        self.trusting()
    }

    /// One that trusts the suite's authority, and no other.
    fn trusting(mut self) -> Self {
        self.config.roots = vec![AUTHORITY.root.clone()];
        self
    }
}
