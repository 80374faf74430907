//! How connections and servers are made.

use std::net::SocketAddr;
use std::time::Duration;

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
}
