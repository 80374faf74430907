//! What a handshake has agreed on.

use std::fmt;

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        })
    }
}

/// What a handshake has agreed on (line B32).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The version.
    pub version: TlsVersion,
    /// The cipher suite's number in IANA's registry.
    pub cipher_suite: u16,
    /// The cipher suite's name in IANA's registry, such as
    /// `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite_name: String,
    /// The protocol that ALPN has chosen.
    pub alpn: Option<Vec<u8>>,
    /// The name that the client has sent, as the server saw it or as the client
    /// sent it; none for an IP address.
    pub server_name: Option<String>,
    /// The peer's certificates in DER, its own first; empty if it gave none.
    pub peer_certificates: Vec<Vec<u8>>,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
}

impl Session {
    /// A session without ALPN, name and certificates, which was not resumed.
    pub fn new(
        version: TlsVersion,
        cipher_suite: u16,
        cipher_suite_name: impl Into<String>,
    ) -> Self {
        Self {
            version,
            cipher_suite,
            cipher_suite_name: cipher_suite_name.into(),
            alpn: None,
            server_name: None,
            peer_certificates: Vec::new(),
            resumed: false,
        }
    }
}
