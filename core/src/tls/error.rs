//! What goes wrong in TLS, and whose fault it is.

use std::fmt;
use std::io;

use crate::BoxError;

/// Why a TLS connection failed, or a call was refused.
#[derive(Debug)]
pub struct TlsError {
    kind: TlsErrorKind,
    source: Option<BoxError>,
}

/// The class of a [`TlsError`]: the same for every library (line B88).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsErrorKind {
    /// The peer's certificate was not accepted.
    BadCertificate(CertificateProblem),
    /// The peer asked for no certificate, or gave none where one is required.
    NoCertificate,
    /// What the peer sent is no TLS, or breaks its rules: a bad record, a wrong
    /// message, a failed authentication.
    BadRecord,
    /// The peer and this side have no version, cipher suite, group or protocol
    /// in common.
    Incompatible,
    /// The peer has ended the connection with an alert: its description
    /// (RFC 8446, section 6).
    Alert(u8),
    /// The peer has ended the stream without a close_notify.
    UnexpectedEof,
    /// The peer has sent more than may wait to be understood.
    TooMuchInput,
    /// `send` before the handshake is done.
    NotOpen,
    /// `send` after `close`.
    Closed,
    /// The connection has failed before.
    Failed,
    /// The library, or the version in use, cannot do that.
    Unsupported,
    /// The caller's mistake: a server's context for a client, say.
    Misuse(&'static str),
    /// The configuration cannot be used: a certificate without its key, say.
    Config,
    /// The library's own failure.
    Library,
}

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// It is valid, but not for this name.
    WrongName,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// Its issuer is not among the roots.
    UnknownIssuer,
    /// It was revoked.
    Revoked,
    /// It is not meant for this use.
    WrongPurpose,
    /// It cannot be read, or its signature is wrong.
    Invalid,
}

impl TlsError {
    /// An error with the library's own as its source.
    pub fn new(kind: TlsErrorKind, source: impl Into<BoxError>) -> Self {
        Self {
            kind,
            source: Some(source.into()),
        }
    }

    /// The class.
    #[must_use]
    pub fn kind(&self) -> &TlsErrorKind {
        &self.kind
    }
}

impl From<TlsErrorKind> for TlsError {
    fn from(kind: TlsErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Display for TlsErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::BadCertificate(problem) => return problem.fmt(f),
            Self::Alert(description) => return write!(f, "the peer sent alert {description}"),
            Self::Misuse(what) => what,
            Self::NoCertificate => "the peer gave no certificate",
            Self::BadRecord => "the peer broke the TLS protocol",
            Self::Incompatible => "the peer has no version or cipher suite in common",
            Self::UnexpectedEof => "the peer ended the stream without close_notify",
            Self::TooMuchInput => "the peer sent too much that cannot be understood yet",
            Self::NotOpen => "the handshake is not done",
            Self::Closed => "the sending direction was closed",
            Self::Failed => "the connection has failed before",
            Self::Unsupported => "not supported by this library or TLS version",
            Self::Config => "the TLS configuration cannot be used",
            Self::Library => "the TLS library failed",
        };
        f.write_str(text)
    }
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongName => "the certificate is not valid for this name",
            Self::Expired => "the certificate has expired",
            Self::NotYetValid => "the certificate is not valid yet",
            Self::UnknownIssuer => "the certificate's issuer is unknown",
            Self::Revoked => "the certificate was revoked",
            Self::WrongPurpose => "the certificate is not meant for this use",
            Self::Invalid => "the certificate is invalid",
        })
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(f, "{}: {source}", self.kind),
            None => self.kind.fmt(f),
        }
    }
}

impl std::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&**self.source.as_ref()? as &(dyn std::error::Error + 'static))
    }
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        let kind = match error.kind() {
            TlsErrorKind::UnexpectedEof => io::ErrorKind::UnexpectedEof,
            TlsErrorKind::Misuse(_) | TlsErrorKind::Config => io::ErrorKind::InvalidInput,
            TlsErrorKind::Unsupported => io::ErrorKind::Unsupported,
            TlsErrorKind::NotOpen | TlsErrorKind::Closed | TlsErrorKind::Failed => {
                io::ErrorKind::NotConnected
            }
            TlsErrorKind::Library => io::ErrorKind::Other,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
