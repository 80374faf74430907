//! How connections and servers are made.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::tls::{SslOptions, TlsContext};

/// The options that every way to a TLS connection has.
macro_rules! ssl_options {
    () => {
        /// How long the TLS handshake may take: 60 seconds by default, and not 0
        /// (line B3). Needs [`ssl`](Self::ssl) (line B10).
        pub fn ssl_handshake_timeout(mut self, timeout: Duration) -> Self {
            self.ssl.handshake_timeout = Some(timeout);
            self
        }

        /// How long closing TLS may take: 30 seconds by default, and not 0
        /// (line B4). Needs [`ssl`](Self::ssl) (line B10).
        pub fn ssl_shutdown_timeout(mut self, timeout: Duration) -> Self {
            self.ssl.shutdown_timeout = Some(timeout);
            self
        }

        /// Takes the end of the stream without close_notify for an end in order.
        /// Then whoever sits between can cut off what was sent; off by default
        /// (line B76). Needs [`ssl`](Self::ssl).
        pub fn ssl_allow_truncation(mut self, allow: bool) -> Self {
            self.ssl.allow_truncation = allow;
            self
        }

        /// Lets an `eof_received` that answers true keep this side's direction
        /// open when the peer ends its own; off by default (lines B69, B96).
        /// Needs [`ssl`](Self::ssl).
        pub fn ssl_allow_half_close(mut self, allow: bool) -> Self {
            self.ssl.allow_half_close = allow;
            self
        }
    };
}

/// How a connection is made.
///
/// ```
/// use std::time::Duration;
/// use loopline_core::ConnectOptions;
///
/// let racing = ConnectOptions::default().happy_eyeballs_delay(Duration::from_millis(250));
/// # let _ = racing;
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ConnectOptions {
    pub(crate) local_addr: Option<SocketAddr>,
    pub(crate) happy_eyeballs_delay: Option<Duration>,
    pub(crate) interleave: Option<usize>,
    pub(crate) ssl: SslOptions,
}

impl ConnectOptions {
    /// The local address to connect from. Addresses of the other family are
    /// passed over (line E22).
    pub fn local_addr(mut self, address: SocketAddr) -> Self {
        self.local_addr = Some(address);
        self
    }

    /// Tries the next address after this delay, beside those that are still
    /// under way, and takes the first that connects (RFC 8305, line E23).
    /// Without it addresses are tried one after the other.
    pub fn happy_eyeballs_delay(mut self, delay: Duration) -> Self {
        self.happy_eyeballs_delay = Some(delay);
        self
    }

    /// Reorders the addresses so that families alternate after the first
    /// `count` addresses of the first one's family; 0 keeps the resolver's
    /// order. 1 if there is a [`happy_eyeballs_delay`](Self::happy_eyeballs_delay),
    /// else 0 (line E23).
    pub fn interleave(mut self, count: usize) -> Self {
        self.interleave = Some(count);
        self
    }

    /// Speaks TLS as the client: `connection_made` is called once the handshake
    /// is done, with the TLS connection (line B38). A handshake that fails is
    /// the error of the call.
    ///
    /// The server's certificate has to be valid for
    /// [`server_hostname`](Self::server_hostname), which is the host that is
    /// connected to unless another is given (line B9).
    pub fn ssl(mut self, context: Arc<dyn TlsContext>) -> Self {
        self.ssl.context = Some(context);
        self
    }

    /// The name, or the IP address, that the server's certificate has to be
    /// valid for, and that is sent as SNI. A target without a host, such as a
    /// Unix socket, needs it; without [`ssl`](Self::ssl) it is refused
    /// (line B9).
    pub fn server_hostname(mut self, name: impl Into<String>) -> Self {
        self.ssl.server_hostname = Some(name.into());
        self
    }

    ssl_options!();
}

/// How a connection is made of a socket that was accepted elsewhere.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct AcceptOptions {
    pub(crate) ssl: SslOptions,
}

impl AcceptOptions {
    /// Speaks TLS as the server: `connection_made` is called once the handshake
    /// is done (lines B38, E33).
    pub fn ssl(mut self, context: Arc<dyn TlsContext>) -> Self {
        self.ssl.context = Some(context);
        self
    }

    ssl_options!();
}

/// How a server is made.
#[derive(Clone, Debug)]
#[must_use]
pub struct ServerOptions {
    pub(crate) backlog: u32,
    pub(crate) reuse_address: Option<bool>,
    pub(crate) reuse_port: bool,
    pub(crate) keep_alive: bool,
    pub(crate) start_serving: bool,
    pub(crate) cleanup_socket: bool,
    pub(crate) ssl: SslOptions,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            backlog: 100,
            reuse_address: None,
            reuse_port: false,
            keep_alive: false,
            start_serving: true,
            cleanup_socket: true,
            ssl: SslOptions::default(),
        }
    }
}

impl ServerOptions {
    /// How many connections may wait to be accepted, and how many are accepted
    /// in one turn; 100 by default (lines E27, D62).
    pub fn backlog(mut self, backlog: u32) -> Self {
        self.backlog = backlog;
        self
    }

    /// `SO_REUSEADDR`: on by default on Unix, and off elsewhere, where it means
    /// something else (line E27).
    pub fn reuse_address(mut self, reuse: bool) -> Self {
        self.reuse_address = Some(reuse);
        self
    }

    /// `SO_REUSEPORT`: off by default, and an error where the system or the
    /// address family does not have it (line E27).
    pub fn reuse_port(mut self, reuse: bool) -> Self {
        self.reuse_port = reuse;
        self
    }

    /// `SO_KEEPALIVE` for accepted connections: off by default.
    pub fn keep_alive(mut self, keep_alive: bool) -> Self {
        self.keep_alive = keep_alive;
        self
    }

    /// Whether to accept at once; if false, the addresses are bound, and
    /// [`start_serving`](super::Server::start_serving) listens (line E28).
    pub fn start_serving(mut self, start: bool) -> Self {
        self.start_serving = start;
        self
    }

    /// Whether closing the server removes the file of a Unix socket that it
    /// made, if that is still the same file; on by default (line E32).
    pub fn cleanup_socket(mut self, cleanup: bool) -> Self {
        self.cleanup_socket = cleanup;
        self
    }

    /// Speaks TLS with every client: the protocol gets `connection_made` once
    /// the handshake is done. One that fails ends that connection alone, without
    /// a callback of the protocol; it is reported in debug mode, or if this side
    /// is to blame (lines B38, B39, B47).
    pub fn ssl(mut self, context: Arc<dyn TlsContext>) -> Self {
        self.ssl.context = Some(context);
        self
    }

    ssl_options!();
}
