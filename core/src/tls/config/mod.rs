//! What a context is made of, whatever the library.

mod error;
mod identity;
mod key_log;
mod pem;

use std::path::PathBuf;

pub use error::ConfigError;
pub use identity::{ByName, Identities, Identity};
pub use key_log::KeyLogFile;
pub use pem::{Origin, Pem};

use super::TlsVersion;

/// Whether a server asks its clients for a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// It does not.
    #[default]
    None,
    /// It does, and takes clients without one; a bad one is refused.
    Optional,
    /// It does, and refuses clients without a good one.
    Required,
}

/// What a client checks of a server's certificate. That the server has the key
/// of the certificate is checked in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerCheck {
    /// That it is valid, and for the name (or the address) of the server.
    #[default]
    All,
    /// That it is valid, for whatever name. Whoever has any valid certificate
    /// can sit in between.
    DangerNotTheName,
    /// Nothing. Whoever sits in between can read and change everything: for
    /// tests.
    DangerNothing,
}

/// The parts of a context, the same for every library.
///
/// The default is: the system's roots, no certificate of one's own, no client
/// authentication, no ALPN, TLS 1.2 and 1.3, resumption of sessions, no key log,
/// full verification.
///
/// The crates of the libraries have builders with a method for each part; this
/// is what these fill in, and what a program that leaves the choice of the
/// library open hands around.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TlsConfig {
    /// Certificates and keys: a server's, or what a client shows to a server
    /// that asks for one.
    pub identities: Identities,
    /// Roots to verify the peer by; where there are none, a client takes the
    /// system's. A server needs them for `client_auth`: who may connect is not
    /// for the system to say.
    pub roots: Vec<Pem>,
    /// Whether a server asks for certificates.
    pub client_auth: ClientAuth,
    /// The protocols to offer or accept, best first (RFC 7301, line B36). A
    /// server refuses a client that offers others only.
    pub alpn: Vec<Vec<u8>>,
    /// The lowest version to accept.
    pub min_version: TlsVersion,
    /// The highest version to offer.
    pub max_version: TlsVersion,
    /// Whether sessions are kept and resumed: a client's cache, a server's
    /// tickets and cache.
    pub resumption: bool,
    /// Where the secrets of every connection are appended, for a packet
    /// analyser.
    pub key_log: Option<PathBuf>,
    /// What a client checks.
    pub server_check: ServerCheck,
    /// Whether an identity may have expired. Peers refuse it.
    pub allow_expired_identities: bool,
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self {
            identities: Identities::new(),
            roots: Vec::new(),
            client_auth: ClientAuth::None,
            alpn: Vec::new(),
            min_version: TlsVersion::Tls12,
            max_version: TlsVersion::Tls13,
            resumption: true,
            key_log: None,
            server_check: ServerCheck::All,
            allow_expired_identities: false,
        }
    }
}

impl TlsConfig {
    /// Checks what can be checked without a library and without a file. Both
    /// libraries' contexts begin with it.
    ///
    /// # Errors
    ///
    /// [`ConfigError::NoVersion`], [`ConfigError::Alpn`].
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.min_version > self.max_version {
            return Err(ConfigError::NoVersion);
        }
        let mut total = 0;
        for protocol in &self.alpn {
            total += 1 + protocol.len();
            if !(1..=255).contains(&protocol.len()) || total > usize::from(u16::MAX) {
                return Err(ConfigError::Alpn {
                    protocol: String::from_utf8_lossy(protocol).into_owned(),
                    length: protocol.len(),
                });
            }
        }
        Ok(())
    }

    /// The protocols as ALPN has them on the wire (RFC 7301, section 3.1): each
    /// behind a byte with its length.
    #[must_use]
    pub fn alpn_wire(&self) -> Vec<u8> {
        let mut wire = Vec::new();
        for protocol in &self.alpn {
            wire.push(u8::try_from(protocol.len()).unwrap_or(u8::MAX));
            wire.extend_from_slice(protocol);
        }
        wire
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(protocols: &[usize]) -> Result<(), ConfigError> {
        let alpn = protocols.iter().map(|length| vec![b'x'; *length]).collect();
        let config = TlsConfig {
            alpn,
            ..TlsConfig::default()
        };
        config.check()
    }

    #[test]
    fn protocols_have_bytes_but_not_too_many() {
        assert!(with(&[1, 255, 7]).is_ok());
        for bad in [&[0][..], &[256], &[3, 0], &[255; 257]] {
            let error = with(bad).err();
            assert!(matches!(error, Some(ConfigError::Alpn { .. })), "{bad:?}");
        }
        assert!(with(&[255; 255]).is_ok());
    }
}
