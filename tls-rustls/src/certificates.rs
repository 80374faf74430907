//! Certificates, keys and roots as rustls wants them, checked.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{Error, InconsistentKeys, RootCertStore};

use crate::error::ConfigError;
use crate::pem::Pem;

/// A chain of certificates and the key of the first.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) chain: Pem,
    pub(crate) key: Pem,
}

impl Identity {
    /// Reads both, and checks that they belong together.
    pub(crate) fn load(&self, provider: &CryptoProvider) -> Result<SingleCertAndKey, ConfigError> {
        let chain = self.chain.certificates()?;
        for certificate in &chain {
            ParsedCertificate::try_from(certificate)
                .map_err(|error| self.chain.unusable("certificate", error))?;
        }
        let key = provider
            .key_provider
            .load_private_key(self.key.key()?)
            .map_err(|error| self.key.unusable("key", error))?;
        let pair = CertifiedKey::new(chain, key);
        match pair.keys_match() {
            // Unknown: the provider cannot tell the public part of the key.
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(pair.into()),
            Err(Error::InconsistentKeys(_)) => Err(ConfigError::Mismatch {
                certificate: self.chain.origin(),
                key: self.key.origin(),
            }),
            Err(error) => Err(self.chain.unusable("certificate", error)),
        }
    }
}

/// The roots in PEM text; each has to be usable.
pub(crate) fn given_roots(sources: &[Pem]) -> Result<Arc<RootCertStore>, ConfigError> {
    let mut roots = RootCertStore::empty();
    for pem in sources {
        for certificate in pem.certificates()? {
            roots
                .add(certificate)
                .map_err(|error| pem.unusable("root certificate", error))?;
        }
    }
    Ok(Arc::new(roots))
}

/// The roots that the system trusts. Those that cannot be read are left out, as
/// every system has some; there has to be one that can.
pub(crate) fn system_roots() -> Result<Arc<RootCertStore>, ConfigError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let errors = found.errors.iter().map(|error| format!(": {error}"));
        return Err(ConfigError::NoSystemRoots {
            errors: errors.collect(),
        });
    }
    Ok(Arc::new(roots))
}
