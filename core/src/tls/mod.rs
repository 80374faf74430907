//! TLS as a pure machine, and what the loop asks of it.
//!
//! A [`TlsContext`] makes [`Coder`]s; a coder is one connection's TLS without
//! input, output and clock. Both are small, synchronous, and made of types that
//! anyone can construct, so a coder can be written outside this project.

mod coder;
mod config;
mod context;
mod error;
mod options;
mod session;
mod stop;
mod stream;
mod upgrade;

pub use coder::{Coder, Progress, Received};
pub use config::{
    ByName, ClientAuth, ConfigError, Identities, Identity, KeyLogFile, Origin, Pem, ServerCheck,
    TlsConfig,
};
pub use context::TlsContext;
pub use error::{CertificateProblem, TlsError, TlsErrorKind};
pub(crate) use options::{Acceptor, SslOptions, SslRefusal, Terms};
pub use rustls_pki_types::ServerName;
pub use session::{Session, TlsVersion};
pub(crate) use stop::stop_tls;
pub use stop::{StopTlsError, StopTlsOptions};
pub(crate) use stream::{Gathered, Placeholder, TlsStream};
pub use upgrade::{StartTlsError, StartTlsOptions};
pub(crate) use upgrade::{accept, connect, start_tls};

/// How much input may stay unconsumed before the connection fails, in bytes: a
/// handshake message of the largest size that common libraries take, and one
/// record (RFC 8446, section 5.2).
pub const UNCONSUMED_LIMIT: usize = 64 * 1024 + RECORD_LIMIT;

/// The largest record on the wire, header included, in bytes (RFC 8446,
/// section 5.2; TLS 1.2 allows more, RFC 5246, section 6.2.3).
pub const RECORD_LIMIT: usize = 5 + 16 * 1024 + 2048;
