//! OpenSSL's errors as those of every coder.

use loopline_core::tls::{CertificateProblem, TlsError, TlsErrorKind};
use openssl::error::ErrorStack;
use openssl::ssl::{self, ErrorCode, SslRef};
use openssl::x509::X509VerifyResult;

/// The number of OpenSSL's part for TLS among those that make errors
/// (`ERR_LIB_SSL` in `openssl/err.h`).
const LIB_SSL: i32 = 20;

/// The parts for cryptography (`ERR_LIB_EVP`, `ERR_LIB_PROV`).
const LIB_EVP: i32 = 6;
const LIB_PROVIDER: i32 = 57;

/// Reasons that are numbered alike in every part (`ERR_RFLAG_COMMON` in OpenSSL
/// 3; up to 99 before).
const COMMON: i32 = 0x2 << 18;

/// What is added to the description of the peer's alert, to make a reason of it
/// (`SSL_AD_REASON_OFFSET` in `openssl/ssl.h`).
const ALERT: i32 = 1000;

/// What is no TLS, by what it begins with.
#[derive(Debug, thiserror::Error)]
#[error("no TLS record begins with {0:02x?}")]
pub(crate) struct NoRecord(pub(crate) Vec<u8>);

/// The error of every coder that says what OpenSSL says, with that as source.
pub(crate) fn tls_error(error: ssl::Error, ssl: &SslRef) -> TlsError {
    let kind = match error.ssl_error() {
        Some(stack) => kind(stack, ssl.verify_result()),
        // A close_notify where nothing can be closed yet, within the handshake.
        None if error.code() == ErrorCode::ZERO_RETURN => TlsErrorKind::Alert(0),
        None => TlsErrorKind::Library,
    };
    TlsError::new(kind, error)
}

/// The error of what has no connection.
pub(crate) fn stack_error(error: ErrorStack) -> TlsError {
    TlsError::new(TlsErrorKind::Library, error)
}

fn kind(stack: &ErrorStack, verified: X509VerifyResult) -> TlsErrorKind {
    let of_tls = stack
        .errors()
        .iter()
        .filter(|error| error.library_code() == LIB_SSL);
    // What other parts say is the cause of what the part for TLS says, and that
    // is where it is known whose fault it is.
    let known = of_tls
        .map(|error| reason(error.reason_code(), verified))
        .find(|kind| *kind != TlsErrorKind::Library);
    let refused_by_cipher = || {
        let mut errors = stack.errors().iter();
        errors.any(|error| matches!(error.library_code(), LIB_EVP | LIB_PROVIDER))
    };
    match known {
        Some(kind) => kind,
        // Too short for its cipher, which the part for TLS takes for a failure
        // of its own.
        None if refused_by_cipher() => TlsErrorKind::BadRecord,
        None => TlsErrorKind::Library,
    }
}

/// By the reasons in `openssl/sslerr.h`, which keep their numbers from version
/// to version.
fn reason(reason: i32, verified: X509VerifyResult) -> TlsErrorKind {
    const INVALID: TlsErrorKind = TlsErrorKind::BadCertificate(CertificateProblem::Invalid);
    match reason {
        // ASN1_LIB and X509_LIB: a certificate that cannot be read.
        13 | 11 | 268 => INVALID,
        _ if reason < 100 => TlsErrorKind::Library,
        _ if reason & COMMON != 0 => match reason & !COMMON {
            13 | 11 => INVALID,
            _ => TlsErrorKind::Library,
        },
        134 => TlsErrorKind::BadCertificate(problem(verified.as_raw())), // CERTIFICATE_VERIFY_FAILED
        123 // BAD_SIGNATURE
        | 220 // SIGNATURE_FOR_NON_SIGNING_CERTIFICATE
        | 239 // UNABLE_TO_FIND_PUBLIC_KEY_PARAMETERS
        | 247 // UNKNOWN_CERTIFICATE_TYPE
        | 304 // BAD_ECC_CERT
        | 318 // ECC_CERT_NOT_FOR_SIGNING
        | 383 // WRONG_CERTIFICATE_TYPE
        | 397..=399 // CA_KEY_TOO_SMALL, CA_MD_TOO_WEAK, EE_KEY_TOO_SMALL
        => INVALID,
        176 // NO_CERTIFICATES_RETURNED
        | 199 // PEER_DID_NOT_RETURN_A_CERTIFICATE
        => TlsErrorKind::NoCertificate,
        101 // NO_SUITABLE_KEY_SHARE
        | 112 // MISSING_SIGALGS_EXTENSION
        | 118 // NO_SUITABLE_SIGNATURE_ALGORITHM
        | 166 // VERSION_TOO_HIGH
        | 193 // NO_SHARED_CIPHER
        | 209 // MISSING_SUPPORTED_GROUPS_EXTENSION
        | 235 // NO_APPLICATION_PROTOCOL
        | 252 // UNKNOWN_PROTOCOL
        | 254 // UNKNOWN_SSL_VERSION
        | 258 // UNSUPPORTED_PROTOCOL
        | 259 // UNSUPPORTED_SSL_VERSION
        | 266 // WRONG_SSL_VERSION
        | 295 // NO_SUITABLE_GROUPS
        | 297 // NO_SUITABLE_DIGEST_ALGORITHM
        | 315 // UNSUPPORTED_ELLIPTIC_CURVE
        | 338 // UNSAFE_LEGACY_RENEGOTIATION_DISABLED
        | 373 // INAPPROPRIATE_FALLBACK
        | 376 // NO_SHARED_SIGNATURE_ALGORITHMS
        | 394 // DH_KEY_TOO_SMALL
        | 396 // VERSION_TOO_LOW
        | 410 // NO_SHARED_GROUPS
        => TlsErrorKind::Incompatible,
        177 // NO_CERTIFICATE_ASSIGNED
        | 179 // NO_CERTIFICATE_SET
        | 181 // NO_CIPHERS_AVAILABLE
        | 190 // NO_PRIVATE_KEY_ASSIGNED
        | 191 // NO_PROTOCOLS_AVAILABLE
        | 277 // SESSION_ID_CONTEXT_UNINITIALIZED
        => TlsErrorKind::Config,
        227 // PARSE_TLSEXT, which others explain
        | 234 // CALLBACK_FAILED
        | 256 // MISSING_FATAL
        | 274 // LIBRARY_BUG
        | 377 // CERT_CB_ERROR
        => TlsErrorKind::Library,
        alert @ ALERT..=1255 => {
            TlsErrorKind::Alert(u8::try_from(alert - ALERT).unwrap_or(u8::MAX))
        }
        // All others name what the peer has done wrong.
        _ => TlsErrorKind::BadRecord,
    }
}

/// By the results in `openssl/x509_vfy.h`.
fn problem(verified: i32) -> CertificateProblem {
    match verified {
        62..=64 // the mismatches of host, mail and address
        => CertificateProblem::WrongName,
        10 => CertificateProblem::Expired, // CERT_HAS_EXPIRED
        9 => CertificateProblem::NotYetValid, // CERT_NOT_YET_VALID
        2 // UNABLE_TO_GET_ISSUER_CERT
        | 18 // DEPTH_ZERO_SELF_SIGNED_CERT
        | 19 // SELF_SIGNED_CERT_IN_CHAIN
        | 20 // UNABLE_TO_GET_ISSUER_CERT_LOCALLY
        | 21 // UNABLE_TO_VERIFY_LEAF_SIGNATURE
        | 27 // CERT_UNTRUSTED
        => CertificateProblem::UnknownIssuer,
        23 => CertificateProblem::Revoked, // CERT_REVOKED
        26 // INVALID_PURPOSE
        | 28 // CERT_REJECTED
        => CertificateProblem::WrongPurpose,
        // Wrong encodings, signatures and extensions; a revocation that cannot
        // be looked up; and what a callback of the user's refuses.
        _ => CertificateProblem::Invalid,
    }
}

#[cfg(test)]
mod tests;
