//! A server's certificates, chosen by the name that a client asks for.

use std::sync::{Arc, PoisonError, RwLock};

use loopline_core::tls::{ByName, ConfigError, Identities};
use openssl::error::ErrorStack;
use openssl::ssl::{NameType, SniError, SslAlert, SslContext, SslContextBuilder, SslRef};

use crate::certificates::{self, Loaded};

/// The identities in use, which may be replaced while connections live.
///
/// To give a connection a certificate and its key costs OpenSSL as much as what
/// the loop does for a handshake. So the one for any name is its context's
/// already. Who is to show another one changes to the context without any: there
/// is room for one key of each kind in a connection, and a client may prefer the
/// kind that it has not asked for.
#[derive(Debug)]
pub(crate) struct Chooser {
    first: Arc<ByName<Loaded>>,
    current: RwLock<Arc<ByName<Loaded>>>,
    /// As the context of the connections, without an identity.
    bare: SslContext,
    allow_expired: bool,
}

impl Chooser {
    pub(crate) fn new(first: Arc<ByName<Loaded>>, bare: SslContext, allow_expired: bool) -> Self {
        Self {
            current: RwLock::new(Arc::clone(&first)),
            first,
            bare,
            allow_expired,
        }
    }

    /// Lets every connection of a context show the identity for any name.
    pub(crate) fn show_first(&self, context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
        match self.first.any() {
            Some(identity) => identity.show(context),
            None => Ok(()),
        }
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
        if std::ptr::eq(ssl.ssl_context(), &*self.bare) {
            // Its ClientHello is the second, which asks for the same name
            // (RFC 8446, section 4.1.2).
            return Ok(());
        }
        let current = self.current();
        let asked = ssl.servername(NameType::HOST_NAME);
        let Some(identity) = current.choose(asked) else {
            *alert = SslAlert::UNRECOGNIZED_NAME;
            return Err(SniError::ALERT_FATAL);
        };
        if self.is_shown(identity) {
            return Ok(());
        }
        self.show(identity, ssl).map_err(|_| {
            *alert = SslAlert::INTERNAL_ERROR;
            SniError::ALERT_FATAL
        })
    }

    /// Whether the context shows it.
    fn is_shown(&self, identity: &Loaded) -> bool {
        self.first
            .any()
            .is_some_and(|first| std::ptr::eq(first, identity))
    }

    fn show(&self, identity: &Loaded, ssl: &mut SslRef) -> Result<(), ErrorStack> {
        ssl.set_ssl_context(&self.bare)?;
        ssl.set_certificate(&identity.certificate)?;
        ssl.set_private_key(&identity.key)?;
        for certificate in &identity.behind {
            ssl.add_chain_cert(certificate.clone())?;
        }
        Ok(())
    }

    fn current(&self) -> Arc<ByName<Loaded>> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(crate) fn load(
    identities: &Identities,
    allow_expired: bool,
) -> Result<Arc<ByName<Loaded>>, ConfigError> {
    if identities.is_empty() {
        return Err(ConfigError::NoIdentity);
    }
    let load = |identity: &_| certificates::load(identity, allow_expired);
    identities.load(load).map(Arc::new)
}
