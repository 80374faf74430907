//! What TLS is made of: the options of `start_tls` and the `ssl` options of
//! connections and servers, and what is left of them once they were checked.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::{Coder, Placeholder, ServerName, StartTlsError, TlsContext, TlsError};
use crate::protocol::SharedProtocol;

/// asyncio's `SSL_HANDSHAKE_TIMEOUT` (line B3).
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(60);

/// asyncio's `SSL_SHUTDOWN_TIMEOUT` (line B4).
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);

/// What a TLS connection waits for, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) handshake_timeout: Duration,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) allow_truncation: bool,
    pub(crate) allow_half_close: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake_timeout: HANDSHAKE_TIMEOUT,
            shutdown_timeout: SHUTDOWN_TIMEOUT,
            allow_truncation: false,
            allow_half_close: false,
        }
    }
}

impl Limits {
    /// No timeout is 0 (lines B3, B4).
    fn check(self) -> Result<Self, StartTlsError> {
        if self.handshake_timeout.is_zero() {
            return Err(StartTlsError::InvalidTimeout("the handshake timeout"));
        }
        if self.shutdown_timeout.is_zero() {
            return Err(StartTlsError::InvalidTimeout("the shutdown timeout"));
        }
        Ok(self)
    }
}

/// What one connection needs to speak TLS; everything was checked.
pub(crate) struct Terms {
    pub(crate) coder: Box<dyn Coder>,
    pub(crate) limits: Limits,
}

impl Terms {
    /// A client's, who has to name the server (lines B6, B9).
    pub(crate) fn of_client(
        context: &dyn TlsContext,
        server_hostname: Option<&str>,
        limits: Limits,
    ) -> Result<Self, StartTlsError> {
        let limits = limits.check()?;
        let name = server_hostname.unwrap_or_default();
        if name.is_empty() {
            return Err(StartTlsError::NoServerName);
        }
        let name = ServerName::try_from(name.to_owned())
            .map_err(|_| StartTlsError::InvalidServerName(name.to_owned()))?;
        let coder = context.client(&name).map_err(StartTlsError::Context)?;
        Ok(Self { coder, limits })
    }

    /// A server's.
    pub(crate) fn of_server(
        context: &dyn TlsContext,
        limits: Limits,
    ) -> Result<Self, StartTlsError> {
        let limits = limits.check()?;
        let coder = context.server().map_err(StartTlsError::Context)?;
        Ok(Self { coder, limits })
    }
}

/// The `ssl` options of a connection or a server.
#[derive(Clone, Default)]
pub(crate) struct SslOptions {
    pub(crate) context: Option<Arc<dyn TlsContext>>,
    pub(crate) server_hostname: Option<String>,
    pub(crate) handshake_timeout: Option<Duration>,
    pub(crate) shutdown_timeout: Option<Duration>,
    pub(crate) allow_truncation: bool,
    pub(crate) allow_half_close: bool,
}

/// Why the `ssl` options are refused.
pub(crate) enum SslRefusal {
    /// An option that means nothing without a context was given (lines B9,
    /// B10).
    WithoutTls(&'static str),
    Refused(StartTlsError),
}

impl From<StartTlsError> for SslRefusal {
    fn from(error: StartTlsError) -> Self {
        Self::Refused(error)
    }
}

impl SslOptions {
    /// The context, if there is one; without it no other option is there.
    fn context(&self) -> Result<Option<&Arc<dyn TlsContext>>, SslRefusal> {
        if let Some(context) = &self.context {
            return Ok(Some(context));
        }
        let given = [
            ("server_hostname", self.server_hostname.is_some()),
            ("ssl_handshake_timeout", self.handshake_timeout.is_some()),
            ("ssl_shutdown_timeout", self.shutdown_timeout.is_some()),
            ("ssl_allow_truncation", self.allow_truncation),
            ("ssl_allow_half_close", self.allow_half_close),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((option, _)) => Err(SslRefusal::WithoutTls(option)),
            None => Ok(None),
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            handshake_timeout: self.handshake_timeout.unwrap_or(HANDSHAKE_TIMEOUT),
            shutdown_timeout: self.shutdown_timeout.unwrap_or(SHUTDOWN_TIMEOUT),
            allow_truncation: self.allow_truncation,
            allow_half_close: self.allow_half_close,
        }
    }

    /// A client's terms; `host` is what is connected to, where it has a name or
    /// an IP address (line B9).
    pub(crate) fn client(&self, host: Option<&str>) -> Result<Option<Terms>, SslRefusal> {
        let Some(context) = self.context()? else {
            return Ok(None);
        };
        // A scope says by which interface, not whom (RFC 4007, section 11).
        let host = host.map(|host| host.split_once('%').map_or(host, |(address, _)| address));
        let name = self.server_hostname.as_deref().or(host);
        Ok(Some(Terms::of_client(&**context, name, self.limits())?))
    }

    /// A server's terms, for one connection after the other.
    pub(crate) fn server(&self) -> Result<Option<Acceptor>, SslRefusal> {
        let Some(context) = self.context()? else {
            return Ok(None);
        };
        let acceptor = Acceptor {
            context: Arc::clone(context),
            limits: self.limits(),
            placeholder: Placeholder::shared(),
        };
        // What is wrong with the context shows before the first client comes
        // (line B5).
        acceptor.terms()?;
        Ok(Some(acceptor))
    }
}

impl fmt::Debug for SslOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SslOptions")
            .field("context", &self.context.is_some())
            .field("server_hostname", &self.server_hostname)
            .field("handshake_timeout", &self.handshake_timeout)
            .field("shutdown_timeout", &self.shutdown_timeout)
            .field("allow_truncation", &self.allow_truncation)
            .field("allow_half_close", &self.allow_half_close)
            .finish()
    }
}

/// A server's TLS.
pub(crate) struct Acceptor {
    context: Arc<dyn TlsContext>,
    limits: Limits,
    /// The protocol of every connection until TLS is put onto it.
    placeholder: SharedProtocol,
}

impl Acceptor {
    pub(crate) fn placeholder(&self) -> SharedProtocol {
        Rc::clone(&self.placeholder)
    }

    /// For one connection.
    pub(crate) fn terms(&self) -> Result<Terms, StartTlsError> {
        Terms::of_server(&*self.context, self.limits)
    }
}

impl StartTlsError {
    /// Whether this side is to blame, and not the peer or the network.
    pub(crate) fn is_ours(&self) -> bool {
        use super::TlsErrorKind as Kind;
        let ours = |error: &TlsError| {
            matches!(
                error.kind(),
                Kind::Misuse(_) | Kind::Config | Kind::Library | Kind::Unsupported
            )
        };
        match self {
            Self::Context(_) => true,
            Self::Handshake(error) => ours(error),
            _ => false,
        }
    }
}
