//! PEM text (RFC 7468), from a file or from memory.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::ConfigError;
use crate::BoxError;

/// PEM text, or the file that has it. A file is read when a context is made.
#[derive(Clone)]
pub struct Pem(Text);

#[derive(Clone)]
enum Text {
    File(PathBuf),
    Bytes(Vec<u8>),
}

/// Where PEM text came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// From this file.
    File(PathBuf),
    /// From the caller's memory.
    Bytes,
}

impl Pem {
    /// The text in a file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Text::File(path.into()))
    }

    /// The text itself.
    pub fn bytes(text: impl Into<Vec<u8>>) -> Self {
        Self(Text::Bytes(text.into()))
    }

    /// Where the text is.
    #[must_use]
    pub fn origin(&self) -> Origin {
        match &self.0 {
            Text::File(path) => Origin::File(path.clone()),
            Text::Bytes(_) => Origin::Bytes,
        }
    }

    /// All certificates in the text, in DER and in their order; at least one.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Unreadable`] if there is no such file,
    /// [`ConfigError::Empty`] if it has no certificate, and
    /// [`ConfigError::Unusable`] if it is broken.
    pub fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
        const WHAT: &str = "certificate";
        let text = self.read(WHAT)?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        match certificates {
            Ok(none) if none.is_empty() => Err(self.empty(WHAT)),
            Ok(certificates) => Ok(certificates),
            Err(error) => Err(self.unusable(WHAT, error)),
        }
    }

    /// The first private key in the text, in DER: PKCS #1, PKCS #8 or SEC 1.
    ///
    /// # Errors
    ///
    /// As those of [`certificates`](Self::certificates), and
    /// [`ConfigError::Encrypted`] if it takes a passphrase to read it.
    pub fn key(&self) -> Result<PrivateKeyDer<'static>, ConfigError> {
        const WHAT: &str = "key";
        let text = self.read(WHAT)?;
        let key = PrivateKeyDer::from_pem_slice(&text);
        match key {
            Ok(key) => Ok(key),
            Err(_) if is_encrypted(&text) => Err(ConfigError::Encrypted {
                origin: self.origin(),
            }),
            Err(pem::Error::NoItemsFound) => Err(self.empty(WHAT)),
            Err(error) => Err(self.unusable(WHAT, error)),
        }
    }

    /// The error of an item that a library cannot use.
    pub fn unusable(&self, what: &'static str, error: impl Into<BoxError>) -> ConfigError {
        ConfigError::Unusable {
            what,
            origin: self.origin(),
            error: error.into(),
        }
    }

    fn empty(&self, what: &'static str) -> ConfigError {
        ConfigError::Empty {
            what,
            origin: self.origin(),
        }
    }

    fn read(&self, what: &'static str) -> Result<Cow<'_, [u8]>, ConfigError> {
        match &self.0 {
            Text::Bytes(text) => Ok(Cow::Borrowed(text)),
            Text::File(path) => match std::fs::read(path) {
                Ok(text) => Ok(Cow::Owned(text)),
                Err(error) => Err(ConfigError::Unreadable {
                    what,
                    origin: self.origin(),
                    error,
                }),
            },
        }
    }
}

/// Whether there is an encrypted key: by its label (RFC 7468, section 11), or by
/// a header inside an older one (RFC 1421, section 4.6.1.1).
fn is_encrypted(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').any(|line| {
        let line = line.trim_ascii();
        line == b"-----BEGIN ENCRYPTED PRIVATE KEY-----" || line == b"Proc-Type: 4,ENCRYPTED"
    })
}

impl fmt::Debug for Pem {
    /// Never the text: it may be a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pem({})", self.origin())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Bytes => f.write_str("the given PEM text"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_certificates_has_none() {
        for text in ["", "no PEM at all"] {
            let certificates = Pem::bytes(text).certificates();
            assert!(matches!(certificates, Err(ConfigError::Empty { .. })));
        }
        let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
        let certificates = Pem::bytes(broken).certificates();
        assert!(matches!(certificates, Err(ConfigError::Unusable { .. })));
    }

    #[test]
    fn a_key_that_takes_a_passphrase_is_told_from_a_broken_one() {
        let label = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n\
                     -----END ENCRYPTED PRIVATE KEY-----\n";
        let header = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
                      DEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        for text in [label, header] {
            let key = Pem::bytes(text).key();
            assert!(matches!(key, Err(ConfigError::Encrypted { .. })), "{text}");
        }
        let other = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let key = Pem::bytes(other).key();
        assert!(matches!(key, Err(ConfigError::Empty { .. })));
    }
}
