//! rustls for loopline, an asyncio-style event loop.
//!
//! [`RustlsContext`] is a [`TlsContext`](loopline_core::tls::TlsContext): it
//! makes the coders of clients and servers, TLS 1.2 (RFC 5246) and TLS 1.3
//! (RFC 8446). It is made of rustls' own configurations, or of PEM files:
//!
//! ```no_run
//! # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
//! # fn main() -> Result<(), loopline_core::tls::TlsError> {
//! use loopline_tls_rustls::{Pem, RustlsContext};
//!
//! let client = RustlsContext::client_with_system_roots()?;
//! let server = RustlsContext::builder()
//!     .identity(Pem::file("chain.pem"), Pem::file("key.pem"))
//!     .alpn(["h2", "http/1.1"])
//!     .build_server()?;
//! # Ok(())
//! # }
//! # #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
//! # fn main() {}
//! ```
//!
//! # The provider of cryptography
//!
//! The features `ring` (the default) and `aws-lc-rs` choose what is used where
//! no provider is given; with both, it is ring.
//! [`Builder::provider`](crate::Builder::provider) and ready configurations
//! override that, and are the only ways with neither. The process-wide default
//! of rustls is never read and never set.
//!
//! # Development builds
//!
//! One debug assertion of rustls can be tripped by a peer: after this side's
//! close_notify, a bad record. Release builds are not concerned. A development
//! build of yours is as robust with
//!
//! ```toml
//! [profile.dev.package.rustls]
//! debug-assertions = false
//! ```
#![forbid(unsafe_code)]

mod builder;
mod certificates;
mod coder;
mod connection;
mod context;
mod error;
mod identities;
mod key_log;
mod provider;
mod session;
mod sni;
mod verify;

pub use builder::Builder;
pub use context::RustlsContext;
pub use loopline_core::tls::{
    ClientAuth, ConfigError, Identities, Identity, Origin, Pem, TlsConfig,
};
pub use rustls;
