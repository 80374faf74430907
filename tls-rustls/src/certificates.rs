//! Certificates, keys and roots as rustls wants them, checked.

use std::sync::Arc;

use loopline_core::tls::{ConfigError, Identity, Pem};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::CryptoProvider;
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error, InconsistentKeys, RootCertStore};
use rustls_pki_types::{CertificateDer, UnixTime};

/// Reads a chain and its key, and checks that they can be used together.
pub(crate) fn load(
    identity: &Identity,
    provider: &CryptoProvider,
    allow_expired: bool,
) -> Result<CertifiedKey, ConfigError> {
    let Identity { chain: pem, key } = identity;
    let chain = pem.certificates()?;
    for certificate in &chain {
        let expired = has_expired(certificate, provider)
            .map_err(|error| pem.unusable("certificate", error))?;
        if expired && !allow_expired {
            return Err(ConfigError::Expired {
                origin: pem.origin(),
            });
        }
    }
    let signing = provider
        .key_provider
        .load_private_key(key.key()?)
        .map_err(|error| key.unusable("key", error))?;
    let pair = CertifiedKey::new(chain, signing);
    match pair.keys_match() {
        // Unknown: the provider cannot tell the public part of the key.
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(pair),
        Err(Error::InconsistentKeys(_)) => Err(ConfigError::Mismatch {
            certificate: pem.origin(),
            key: key.origin(),
        }),
        Err(error) => Err(pem.unusable("certificate", error)),
    }
}

/// Whether the time of a certificate is over. rustls shows the time to nobody,
/// but looks at it before it looks for an issuer; and here there is none.
fn has_expired(certificate: &CertificateDer<'_>, provider: &CryptoProvider) -> Result<bool, Error> {
    let verified = verify_server_cert_signed_by_trust_anchor(
        &ParsedCertificate::try_from(certificate)?,
        &RootCertStore::empty(),
        &[],
        UnixTime::now(),
        provider.signature_verification_algorithms.all,
    );
    Ok(matches!(
        verified,
        Err(Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. }
        ))
    ))
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
