//! What can be wrong with a configuration.

use std::io;
use std::path::PathBuf;

use super::Origin;
use crate::BoxError;
use crate::tls::{TlsError, TlsErrorKind};

/// What is wrong with the parts of a context. It is the source of a [`TlsError`]
/// of the kind [`Config`](TlsErrorKind::Config), and names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read the {what} in {origin}: {error}")]
    Unreadable {
        /// What it was to be: `certificate`, `key`.
        what: &'static str,
        /// Where it was to come from.
        origin: Origin,
        /// Why.
        error: io::Error,
    },
    /// There is no such item in the PEM text.
    #[error("there is no {what} in {origin}")]
    Empty {
        /// What was looked for.
        what: &'static str,
        /// Where.
        origin: Origin,
    },
    /// The key is encrypted. Nobody is asked for a passphrase.
    #[error("the key in {origin} is encrypted")]
    Encrypted {
        /// Where it came from.
        origin: Origin,
    },
    /// An item is there, but broken, or of a kind that the library does not
    /// know.
    #[error("the {what} in {origin} cannot be used: {error}")]
    Unusable {
        /// What it was to be.
        what: &'static str,
        /// Where it came from.
        origin: Origin,
        /// What the library says.
        error: BoxError,
    },
    /// The time of a certificate that is to be shown to peers is over.
    #[error("the certificate in {origin} has expired")]
    Expired {
        /// Where it came from.
        origin: Origin,
    },
    /// The key is not the one that the certificate is for.
    #[error("the key in {key} is not that of the certificate in {certificate}")]
    Mismatch {
        /// Where the certificate came from.
        certificate: Origin,
        /// Where the key came from.
        key: Origin,
    },
    /// The system has no usable root certificates.
    #[error("the system has no usable root certificates{errors}")]
    NoSystemRoots {
        /// What went wrong while they were looked for, each behind a colon.
        errors: String,
    },
    /// Peers are to be verified, and there are no roots to do it with.
    #[error("client certificates are asked for, but no roots are given")]
    NoRoots,
    /// A server has to have a certificate and a key.
    #[error("a server has to have a certificate and a key")]
    NoIdentity,
    /// No version of TLS is between the minimum and the maximum.
    #[error("no version of TLS is between the minimum and the maximum")]
    NoVersion,
    /// A protocol's name for ALPN has no bytes or more than 255, or all together
    /// are too many (RFC 7301, section 3.1).
    #[error("the ALPN protocol {protocol:?} has {length} bytes, or all have too many")]
    Alpn {
        /// The protocol, as far as it is text.
        protocol: String,
        /// Its length in bytes.
        length: usize,
    },
    /// An identity is for something that no client can ask for.
    #[error("{name:?} is no name of a server")]
    Name {
        /// The name.
        name: String,
    },
    /// The file for the keys cannot be opened.
    #[error("cannot open the key log {path}: {error}", path = path.display())]
    KeyLog {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The library does not accept the parts together.
    #[error(transparent)]
    Library(BoxError),
}

impl From<ConfigError> for TlsError {
    fn from(error: ConfigError) -> Self {
        Self::new(TlsErrorKind::Config, error)
    }
}
