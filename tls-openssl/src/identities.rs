//! A server's certificates, chosen by the name that a client asks for.

use std::sync::{Arc, PoisonError, RwLock};

use loopline_core::tls::{ByName, ConfigError, Identities};
use openssl::error::ErrorStack;
use openssl::ssl::{NameType, SniError, SslAlert, SslRef};

use crate::certificates::{self, Loaded};

/// The identities in use, which may be replaced while connections live.
#[derive(Debug)]
pub(crate) struct Chooser {
    current: RwLock<Arc<ByName<Loaded>>>,
    allow_expired: bool,
}

impl Chooser {
    pub(crate) fn new(identities: &Identities, allow_expired: bool) -> Result<Self, ConfigError> {
        let current = load(identities, allow_expired)?;
        Ok(Self {
            current: RwLock::new(current),
            allow_expired,
        })
    }

    pub(crate) fn replace(&self, identities: &Identities) -> Result<(), ConfigError> {
        let new = load(identities, self.allow_expired)?;
        // What was there is whole: it is replaced and never changed.
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// Gives a connection the identity for the name that its ClientHello has,
    /// or for none.
    pub(crate) fn answer(&self, ssl: &mut SslRef, alert: &mut SslAlert) -> Result<(), SniError> {
        let current = self.current();
        let asked = ssl.servername(NameType::HOST_NAME);
        let Some(identity) = current.choose(asked) else {
            *alert = SslAlert::UNRECOGNIZED_NAME;
            return Err(SniError::ALERT_FATAL);
        };
        show(identity, ssl).map_err(|_| {
            *alert = SslAlert::INTERNAL_ERROR;
            SniError::ALERT_FATAL
        })
    }

    fn current(&self) -> Arc<ByName<Loaded>> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn load(identities: &Identities, allow_expired: bool) -> Result<Arc<ByName<Loaded>>, ConfigError> {
    if identities.is_empty() {
        return Err(ConfigError::NoIdentity);
    }
    let load = |identity: &_| certificates::load(identity, allow_expired);
    identities.load(load).map(Arc::new)
}

fn show(identity: &Loaded, ssl: &mut SslRef) -> Result<(), ErrorStack> {
    ssl.set_certificate(&identity.certificate)?;
    ssl.set_private_key(&identity.key)?;
    for certificate in &identity.behind {
        ssl.add_chain_cert(certificate.clone())?;
    }
    Ok(())
}
