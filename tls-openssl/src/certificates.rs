//! Certificates, keys and roots as OpenSSL wants them, checked.

use loopline_core::tls::{ConfigError, Identity, Pem};
use openssl::asn1::Asn1Time;
use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslContext, SslContextBuilder, SslMethod};
use openssl::x509::X509;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use rustls_pki_types::PrivateKeyDer;

/// A chain of certificates and the key of the first.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) certificate: X509,
    /// The certificates between it and a root.
    pub(crate) behind: Vec<X509>,
    pub(crate) key: PKey<Private>,
}

impl Loaded {
    /// Lets every connection of a context show it.
    pub(crate) fn show(&self, context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
        context.set_certificate(&self.certificate)?;
        context.set_private_key(&self.key)?;
        for certificate in &self.behind {
            context.add_extra_chain_cert(certificate.clone())?;
        }
        Ok(())
    }
}

/// Reads a chain and its key, and checks that they can be used together.
pub(crate) fn load(identity: &Identity, allow_expired: bool) -> Result<Loaded, ConfigError> {
    let Identity { chain: pem, key } = identity;
    let of_chain = |error: ErrorStack| pem.unusable("certificate", error);
    let mut chain = Vec::new();
    for der in pem.certificates()? {
        let certificate = X509::from_der(&der).map_err(of_chain)?;
        if has_expired(&certificate).map_err(of_chain)? && !allow_expired {
            return Err(ConfigError::Expired {
                origin: pem.origin(),
            });
        }
        chain.push(certificate);
    }
    let signing = private_key(&key.key()?).map_err(|error| key.unusable("key", error))?;
    // There is one, or `certificates` would have said so.
    let certificate = chain.remove(0);
    let public = certificate.public_key().map_err(of_chain)?;
    if !public.public_eq(&signing) {
        return Err(ConfigError::Mismatch {
            certificate: pem.origin(),
            key: key.origin(),
        });
    }
    let loaded = Loaded {
        certificate,
        behind: chain,
        key: signing,
    };
    // Whether keys are of a kind and of a size that OpenSSL takes is for a
    // context to say.
    SslContext::builder(SslMethod::tls())
        .and_then(|mut probe| loaded.show(&mut probe))
        .map_err(of_chain)?;
    Ok(loaded)
}

fn private_key(der: &PrivateKeyDer<'_>) -> Result<PKey<Private>, ErrorStack> {
    match der {
        PrivateKeyDer::Pkcs8(der) => PKey::private_key_from_pkcs8(der.secret_pkcs8_der()),
        der => PKey::private_key_from_der(der.secret_der()),
    }
}

/// Whether the time of a certificate is over.
fn has_expired(certificate: &X509) -> Result<bool, ErrorStack> {
    Ok(certificate.not_after() < Asn1Time::days_from_now(0)?.as_ref())
}

/// The roots in PEM text; each has to be usable.
pub(crate) fn given_roots(sources: &[Pem]) -> Result<Vec<X509>, ConfigError> {
    if sources.is_empty() {
        return Err(ConfigError::NoRoots);
    }
    let mut roots = Vec::new();
    for pem in sources {
        for der in pem.certificates()? {
            let root = X509::from_der(&der);
            roots.push(root.map_err(|error| pem.unusable("root certificate", error))?);
        }
    }
    Ok(roots)
}

/// The roots that the system trusts. Those that cannot be read are left out, as
/// every system has some; there has to be one that can.
pub(crate) fn system_roots() -> Result<X509Store, ConfigError> {
    let found = rustls_native_certs::load_native_certs();
    let roots = found
        .certs
        .iter()
        .filter_map(|der| X509::from_der(der).ok());
    let roots: Vec<X509> = roots.collect();
    if roots.is_empty() {
        let errors = found.errors.iter().map(|error| format!(": {error}"));
        return Err(ConfigError::NoSystemRoots {
            errors: errors.collect(),
        });
    }
    store(roots)
}

/// What OpenSSL verifies by.
pub(crate) fn store(roots: Vec<X509>) -> Result<X509Store, ConfigError> {
    let mut store = X509StoreBuilder::new().map_err(library)?;
    for root in roots {
        store.add_cert(root).map_err(library)?;
    }
    Ok(store.build())
}

pub(crate) fn library(error: ErrorStack) -> ConfigError {
    ConfigError::Library(error.into())
}
