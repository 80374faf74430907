//! The TLS libraries of this build, as values.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use loopline_core::tls::{TlsConfig, TlsContext, TlsError};

/// A TLS library. A feature adds one and never chooses it: that is for the
/// program, or for whoever starts it, since a provider can be parsed.
///
/// ```no_run
/// use loopline::tls::{Identities, Identity, Pem, Provider, TlsConfig};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let provider: Provider = std::env::args().nth(1).ok_or("which?")?.parse()?;
/// let mut config = TlsConfig::default();
/// config.identities = Identities::new().any(Identity {
///     chain: Pem::file("chain.pem"),
///     key: Pem::file("key.pem"),
/// });
/// let context = provider.server(config)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Provider {
    /// rustls; with the feature `rustls`.
    #[cfg(feature = "rustls")]
    Rustls,
    /// OpenSSL; with the feature `openssl`.
    #[cfg(feature = "openssl")]
    Openssl,
}

/// There is no such library in this build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownProvider {
    asked: String,
}

#[cfg_attr(
    not(any(feature = "rustls", feature = "openssl")),
    allow(unused_variables, reason = "a build without a library makes nothing")
)]
impl Provider {
    /// All that this build has.
    pub const ALL: &[Self] = &[
        #[cfg(feature = "rustls")]
        Self::Rustls,
        #[cfg(feature = "openssl")]
        Self::Openssl,
    ];

    /// The name: `rustls`, `openssl`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "rustls")]
            Self::Rustls => "rustls",
            #[cfg(feature = "openssl")]
            Self::Openssl => "openssl",
        }
    }

    /// A client's context. Reads the files.
    ///
    /// # Errors
    ///
    /// [`Config`](loopline_core::tls::TlsErrorKind::Config) with a
    /// [`ConfigError`](loopline_core::tls::ConfigError) that names the file.
    pub fn client(self, config: TlsConfig) -> Result<Arc<dyn TlsContext>, TlsError> {
        match self {
            #[cfg(feature = "rustls")]
            Self::Rustls => {
                let builder = loopline_tls_rustls::Builder::from(config);
                Ok(Arc::new(builder.build_client()?))
            }
            #[cfg(feature = "openssl")]
            Self::Openssl => {
                let builder = loopline_tls_openssl::Builder::from(config);
                Ok(Arc::new(builder.build_client()?))
            }
        }
    }

    /// A server's context. Reads the files.
    ///
    /// # Errors
    ///
    /// As those of [`client`](Self::client).
    pub fn server(self, config: TlsConfig) -> Result<Arc<dyn TlsContext>, TlsError> {
        match self {
            #[cfg(feature = "rustls")]
            Self::Rustls => {
                let builder = loopline_tls_rustls::Builder::from(config);
                Ok(Arc::new(builder.build_server()?))
            }
            #[cfg(feature = "openssl")]
            Self::Openssl => {
                let builder = loopline_tls_openssl::Builder::from(config);
                Ok(Arc::new(builder.build_server()?))
            }
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, UnknownProvider> {
        let found = Self::ALL.iter().find(|provider| provider.name() == name);
        found.copied().ok_or_else(|| UnknownProvider {
            asked: name.to_owned(),
        })
    }
}

impl fmt::Display for UnknownProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no TLS library {:?}; this build has", self.asked)?;
        match Provider::ALL {
            [] => f.write_str(" none"),
            all => all.iter().try_for_each(|provider| write!(f, " {provider}")),
        }
    }
}

impl std::error::Error for UnknownProvider {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed() {
        for provider in Provider::ALL {
            assert_eq!(provider.name().parse(), Ok(*provider));
        }
        let unknown = Provider::from_str("gnutls").map_err(|error| error.to_string());
        assert!(unknown.is_err_and(|text| text.contains("gnutls")));
    }
}
