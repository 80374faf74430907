//! Every reason has its kind.

use loopline_core::tls::{CertificateProblem as Problem, TlsErrorKind as Kind};
use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::x509::X509VerifyResult;

use super::{COMMON, kind, problem, reason, stack_error};

#[test]
fn the_kind_says_whose_fault_it_is() {
    let invalid = Kind::BadCertificate(Problem::Invalid);
    for (number, expected) in [
        (244, Kind::BadRecord),     // UNEXPECTED_MESSAGE
        (281, Kind::BadRecord),     // DECRYPTION_FAILED_OR_BAD_RECORD_MAC
        (267, Kind::BadRecord),     // WRONG_VERSION_NUMBER
        (132, Kind::BadRecord),     // TOO_MANY_KEY_UPDATES
        (152, Kind::BadRecord),     // EXCESSIVE_MESSAGE_SIZE
        (258, Kind::Incompatible),  // UNSUPPORTED_PROTOCOL
        (193, Kind::Incompatible),  // NO_SHARED_CIPHER
        (235, Kind::Incompatible),  // NO_APPLICATION_PROTOCOL
        (199, Kind::NoCertificate), // PEER_DID_NOT_RETURN_A_CERTIFICATE
        (123, invalid.clone()),     // BAD_SIGNATURE
        (13, invalid.clone()),      // ASN1_LIB before OpenSSL 3
        (COMMON | 13, invalid.clone()),
        (COMMON | 11, invalid),
        (191, Kind::Config),                      // NO_PROTOCOLS_AVAILABLE
        (234, Kind::Library),                     // CALLBACK_FAILED
        (68, Kind::Library),                      // INTERNAL_ERROR before OpenSSL 3
        (COMMON | 0x4_0000 | 259, Kind::Library), // INTERNAL_ERROR
        (1000, Kind::Alert(0)),
        (1040, Kind::Alert(40)),
        (1255, Kind::Alert(255)),
    ] {
        assert_eq!(reason(number, X509VerifyResult::OK), expected, "{number}");
    }
}

#[test]
fn a_bad_certificate_says_what_is_bad() {
    for (number, expected) in [
        (62, Problem::WrongName),
        (64, Problem::WrongName),
        (10, Problem::Expired),
        (9, Problem::NotYetValid),
        (18, Problem::UnknownIssuer),
        (19, Problem::UnknownIssuer),
        (20, Problem::UnknownIssuer),
        (21, Problem::UnknownIssuer),
        (23, Problem::Revoked),
        (26, Problem::WrongPurpose),
        (7, Problem::Invalid),  // CERT_SIGNATURE_FAILURE
        (50, Problem::Invalid), // APPLICATION_VERIFICATION
    ] {
        assert_eq!(problem(number), expected, "{number}");
    }
    // CERTIFICATE_VERIFY_FAILED
    let failed = reason(134, X509VerifyResult::APPLICATION_VERIFICATION);
    assert_eq!(failed, Kind::BadCertificate(Problem::Invalid));
}

/// Errors of other parts alone are the library's own.
#[test]
fn what_is_not_of_tls_names_nobody() {
    let error = PKey::private_key_from_der(b"no key").err();
    let stack = error.unwrap_or_else(ErrorStack::get);
    assert!(!stack.errors().is_empty());
    assert_eq!(
        kind(&ErrorStack::get(), X509VerifyResult::OK),
        Kind::Library
    );
    let mapped = stack_error(stack);
    assert_eq!(*mapped.kind(), Kind::Library);
    let source = std::error::Error::source(&mapped);
    assert!(source.is_some_and(|source| source.is::<ErrorStack>()));
}
