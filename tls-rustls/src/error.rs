//! rustls' errors as those of every coder.

use loopline_core::tls::{CertificateProblem, TlsError, TlsErrorKind};
use rustls::{CertificateError, Error};

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
