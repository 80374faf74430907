//! Every error of rustls has its kind.

use std::io;
use std::sync::Arc;

use loopline_core::tls::{CertificateProblem as Problem, TlsErrorKind as Kind};
use rustls::{
    AlertDescription, CertRevocationListError, CertificateError, ContentType,
    EncryptedClientHelloError, Error, ExtendedKeyPurpose, HandshakeType, InconsistentKeys,
    InvalidMessage, OtherError, PeerIncompatible, PeerMisbehaved,
};
use rustls_pki_types::{ServerName, UnixTime};

use super::tls_error;

fn other() -> OtherError {
    OtherError(Arc::new(io::Error::other("x")))
}

#[test]
fn the_kind_says_whose_fault_it_is() {
    let cases = [
        (
            Error::InappropriateMessage {
                expect_types: vec![ContentType::Handshake],
                got_type: ContentType::ApplicationData,
            },
            Kind::BadRecord,
        ),
        (
            Error::InappropriateHandshakeMessage {
                expect_types: vec![HandshakeType::Finished],
                got_type: HandshakeType::ClientHello,
            },
            Kind::BadRecord,
        ),
        (
            Error::InvalidMessage(InvalidMessage::InvalidContentType),
            Kind::BadRecord,
        ),
        (Error::DecryptError, Kind::BadRecord),
        (
            Error::PeerMisbehaved(PeerMisbehaved::IncorrectBinder),
            Kind::BadRecord,
        ),
        (Error::PeerSentOversizedRecord, Kind::BadRecord),
        (
            Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
            Kind::Incompatible,
        ),
        (Error::NoApplicationProtocol, Kind::Incompatible),
        (
            Error::AlertReceived(AlertDescription::HandshakeFailure),
            Kind::Alert(40),
        ),
        (
            Error::AlertReceived(AlertDescription::Unknown(200)),
            Kind::Alert(200),
        ),
        (Error::NoCertificatesPresented, Kind::NoCertificate),
        (Error::HandshakeNotComplete, Kind::NotOpen),
        (
            Error::UnsupportedNameType,
            Kind::Misuse("TLS cannot verify a name of this type"),
        ),
        (
            Error::InvalidCertRevocationList(CertRevocationListError::BadSignature),
            Kind::Config,
        ),
        (
            Error::InvalidEncryptedClientHello(EncryptedClientHelloError::SniRequired),
            Kind::Config,
        ),
        (Error::BadMaxFragmentSize, Kind::Config),
        (
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch),
            Kind::Config,
        ),
        (Error::EncryptError, Kind::Library),
        (Error::General("x".into()), Kind::Library),
        (Error::FailedToGetCurrentTime, Kind::Library),
        (Error::FailedToGetRandomBytes, Kind::Library),
        (Error::Other(other()), Kind::Library),
    ];
    for (error, kind) in cases {
        let text = format!("{error}");
        let mapped = tls_error(error);
        assert_eq!(*mapped.kind(), kind, "{text}");
        let source = std::error::Error::source(&mapped);
        assert!(source.is_some_and(|source| source.is::<Error>()), "{text}");
    }
}

#[test]
fn a_bad_certificate_says_what_is_bad() {
    let now = UnixTime::now();
    let name = ServerName::try_from("example.test").expect("a name");
    let cases = [
        (CertificateError::NotValidForName, Problem::WrongName),
        (
            CertificateError::NotValidForNameContext {
                expected: name,
                presented: Vec::new(),
            },
            Problem::WrongName,
        ),
        (CertificateError::Expired, Problem::Expired),
        (
            CertificateError::ExpiredContext {
                time: now,
                not_after: now,
            },
            Problem::Expired,
        ),
        (CertificateError::NotValidYet, Problem::NotYetValid),
        (
            CertificateError::NotValidYetContext {
                time: now,
                not_before: now,
            },
            Problem::NotYetValid,
        ),
        (CertificateError::UnknownIssuer, Problem::UnknownIssuer),
        (CertificateError::Revoked, Problem::Revoked),
        (CertificateError::InvalidPurpose, Problem::WrongPurpose),
        (
            CertificateError::InvalidPurposeContext {
                required: ExtendedKeyPurpose::ServerAuth,
                presented: Vec::new(),
            },
            Problem::WrongPurpose,
        ),
        (CertificateError::BadEncoding, Problem::Invalid),
        (CertificateError::BadSignature, Problem::Invalid),
        (
            CertificateError::UnhandledCriticalExtension,
            Problem::Invalid,
        ),
        (CertificateError::UnknownRevocationStatus, Problem::Invalid),
        (CertificateError::ExpiredRevocationList, Problem::Invalid),
        (CertificateError::InvalidOcspResponse, Problem::Invalid),
        (
            CertificateError::ApplicationVerificationFailure,
            Problem::Invalid,
        ),
        (CertificateError::Other(other()), Problem::Invalid),
    ];
    for (error, problem) in cases {
        let text = format!("{error}");
        let mapped = tls_error(Error::InvalidCertificate(error));
        assert_eq!(*mapped.kind(), Kind::BadCertificate(problem), "{text}");
    }
}
