//! rustls' errors as those of every coder, and what can be wrong with a
//! configuration.

use std::io;
use std::path::PathBuf;

use loopline_core::tls::{CertificateProblem, TlsError, TlsErrorKind};
use rustls::{CertificateError, Error};

use crate::pem::Origin;

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
    /// An item is there, but broken, or of a kind that the provider does not
    /// know.
    #[error("the {what} in {origin} cannot be used: {error}")]
    Unusable {
        /// What it was to be.
        what: &'static str,
        /// Where it came from.
        origin: Origin,
        /// What the library says.
        error: loopline_core::BoxError,
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
    /// No provider of cryptography was given, and no feature names one.
    #[error("no provider of cryptography: give one, or enable a feature that does")]
    NoProvider,
    /// No version of TLS is between the minimum and the maximum.
    #[error("no version of TLS is between the minimum and the maximum")]
    NoVersion,
    /// The file for the keys cannot be opened.
    #[error("cannot open the key log {path}: {error}", path = path.display())]
    KeyLog {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// rustls does not accept the parts together.
    #[error(transparent)]
    Library(Error),
}

impl From<ConfigError> for TlsError {
    fn from(error: ConfigError) -> Self {
        Self::new(TlsErrorKind::Config, error)
    }
}

/// The error of every coder that says what rustls says, with that as source.
pub(crate) fn tls_error(error: Error) -> TlsError {
    TlsError::new(kind(&error), error)
}

fn kind(error: &Error) -> TlsErrorKind {
    match error {
        Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::InvalidMessage(_)
        | Error::DecryptError
        | Error::PeerMisbehaved(_)
        | Error::PeerSentOversizedRecord => TlsErrorKind::BadRecord,
        Error::PeerIncompatible(_) | Error::NoApplicationProtocol => TlsErrorKind::Incompatible,
        Error::AlertReceived(description) => TlsErrorKind::Alert(u8::from(*description)),
        Error::InvalidCertificate(error) => TlsErrorKind::BadCertificate(problem(error)),
        Error::NoCertificatesPresented => TlsErrorKind::NoCertificate,
        Error::HandshakeNotComplete => TlsErrorKind::NotOpen,
        Error::UnsupportedNameType => TlsErrorKind::Misuse("TLS cannot verify a name of this type"),
        Error::InvalidCertRevocationList(_)
        | Error::InvalidEncryptedClientHello(_)
        | Error::BadMaxFragmentSize
        | Error::InconsistentKeys(_) => TlsErrorKind::Config,
        // Errors that name nobody's fault, and those of a later rustls.
        _ => TlsErrorKind::Library,
    }
}

fn problem(error: &CertificateError) -> CertificateProblem {
    use CertificateError as E;
    match error {
        E::NotValidForName | E::NotValidForNameContext { .. } => CertificateProblem::WrongName,
        E::Expired | E::ExpiredContext { .. } => CertificateProblem::Expired,
        E::NotValidYet | E::NotValidYetContext { .. } => CertificateProblem::NotYetValid,
        E::UnknownIssuer => CertificateProblem::UnknownIssuer,
        E::Revoked => CertificateProblem::Revoked,
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => CertificateProblem::WrongPurpose,
        // Wrong encodings, signatures and extensions; a revocation that cannot
        // be looked up; and what a verifier of the user's refuses.
        _ => CertificateProblem::Invalid,
    }
}

#[cfg(test)]
mod tests;
