//! A server's certificates, chosen by the name that a client asks for.

use std::sync::{Arc, PoisonError, RwLock};

use loopline_core::tls::{ByName, ConfigError, Identities};
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::certificates;

/// The identities in use, which may be replaced while connections live.
#[derive(Debug)]
pub(crate) struct Chooser {
    current: RwLock<Arc<ByName<Arc<CertifiedKey>>>>,
    provider: Arc<CryptoProvider>,
    allow_expired: bool,
}

impl Chooser {
    pub(crate) fn new(
        identities: &Identities,
        provider: Arc<CryptoProvider>,
        allow_expired: bool,
    ) -> Result<Self, ConfigError> {
        let current = load(identities, &provider, allow_expired)?;
        Ok(Self {
            current: RwLock::new(current),
            provider,
            allow_expired,
        })
    }

    pub(crate) fn replace(&self, identities: &Identities) -> Result<(), ConfigError> {
        let new = load(identities, &self.provider, self.allow_expired)?;
        // What was there is whole: it is replaced and never changed.
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    fn current(&self) -> Arc<ByName<Arc<CertifiedKey>>> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn load(
    identities: &Identities,
    provider: &CryptoProvider,
    allow_expired: bool,
) -> Result<Arc<ByName<Arc<CertifiedKey>>>, ConfigError> {
    if identities.is_empty() {
        return Err(ConfigError::NoIdentity);
    }
    let load = |identity: &_| certificates::load(identity, provider, allow_expired).map(Arc::new);
    identities.load(load).map(Arc::new)
}

impl ResolvesServerCert for Chooser {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current().choose(hello.server_name()).cloned()
    }
}
