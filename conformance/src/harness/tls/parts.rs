//! What contexts are asked for.

use loopline_core::tls::{ServerName, TlsVersion};

use super::authority::{AUTHORITY, NAME, SERVER};
use crate::{TlsClientAuth, TlsIdentity, TlsParts, TlsSide};

pub(crate) const VERSIONS: [TlsVersion; 2] = [TlsVersion::Tls12, TlsVersion::Tls13];

/// A client of any version.
pub(crate) fn client() -> TlsParts {
    TlsParts {
        roots: Some(AUTHORITY.root.clone()),
        ..TlsParts::new(TlsSide::Client)
    }
}

/// A server of any version.
pub(crate) fn server() -> TlsParts {
    TlsParts {
        identity: Some(SERVER.clone()),
        ..TlsParts::new(TlsSide::Server)
    }
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

impl TlsParts {
    pub(crate) fn version(mut self, version: TlsVersion) -> Self {
        (self.min_version, self.max_version) = (version, version);
        self
    }

    pub(crate) fn identity(mut self, identity: &TlsIdentity) -> Self {
        self.identity = Some(identity.clone());
        self
    }

    pub(crate) fn alpn(mut self, protocols: &[&str]) -> Self {
        self.alpn = protocols
            .iter()
            .map(|protocol| protocol.as_bytes().to_vec())
            .collect();
        self
    }

    pub(crate) fn resuming(mut self) -> Self {
        self.resumption = true;
        self
    }

    /// A server that asks for certificates of the suite's authority.
    pub(crate) fn asking(mut self, client_auth: TlsClientAuth) -> Self {
        self.client_auth = client_auth;
        self.roots = Some(AUTHORITY.root.clone());
        self
    }
}
