//! OpenSSL for loopline, an asyncio-style event loop.
//!
//! [`OpensslContext`] is a [`TlsContext`](loopline_core::tls::TlsContext): it
//! makes the coders of clients and servers, TLS 1.2 (RFC 5246) and TLS 1.3
//! (RFC 8446). It is made of OpenSSL's own contexts, or of PEM files:
//!
//! ```no_run
//! # fn main() -> Result<(), loopline_core::tls::TlsError> {
//! use loopline_tls_openssl::{OpensslContext, Pem};
//!
//! let client = OpensslContext::client_with_system_roots()?;
//! let server = OpensslContext::builder()
//!     .identity(Pem::file("chain.pem"), Pem::file("key.pem"))
//!     .alpn(["h2", "http/1.1"])
//!     .build_server()?;
//! # Ok(())
//! # }
//! ```
//!
//! # Which OpenSSL
//!
//! The `openssl` crate finds the system's (1.1.1 or newer; with Debian, that is
//! the package `libssl-dev`), so that engines, providers, FIPS and what the
//! distribution has configured are there. The feature `vendored` builds one from
//! source and links it statically.
//!
//! # How often data is copied
//!
//! Plaintext: never by this crate, in either direction. OpenSSL encrypts from
//! the caller's slice into a buffer of its own, and copies from a buffer of its
//! own, where it has decrypted, to the end of the caller's `plain`. (Data that
//! has to wait, see below, is copied.)
//!
//! Ciphertext: once each way. What OpenSSL has encrypted is appended to the
//! caller's `wire`; a record of the peer's is copied into a buffer that the
//! thread keeps, from which OpenSSL reads it (a connection owns its stream, so it
//! cannot borrow the caller's input). The example `measure` tells what all of it
//! costs beside a bare `SslStream`.
//!
//! # Where it differs from rustls
//!
//! What a protocol sees is the same, and so is what a program has to do. These
//! are the differences that the library makes:
//!
//! * `update_keys` answers [`Unsupported`](loopline_core::tls::TlsErrorKind), as
//!   the `openssl` crate does not offer it. The peer's requests are answered.
//! * While the peer has sent a part of a message behind the handshake, nothing
//!   can be encrypted: data waits in the coder, and the connection ends with
//!   [`TooMuchInput`](loopline_core::tls::TlsErrorKind::TooMuchInput) if more is
//!   sent than 64 KiB before the rest arrives.
//! * Some alerts have other numbers for the same error: a certificate whose time
//!   has not come is `bad_certificate`; a client without a certificate gets
//!   `handshake_failure` in TLS 1.2; an unknown name gets `unrecognized_name`.
//! * A `close_notify` that says that it is fatal is an error in TLS 1.2.
//! * A server that resumes a session knows the client's own certificate, but not
//!   those behind it.
//! * A certificate with several faults may be refused for another of them.
#![deny(unsafe_code)]

mod builder;
mod certificates;
mod coder;
mod context;
mod error;
mod identities;
mod pipe;
mod rare;
mod record;
mod session;
mod sessions;
mod sys;

pub use builder::Builder;
pub use context::OpensslContext;
pub use loopline_core::tls::{
    ClientAuth, ConfigError, Identities, Identity, Origin, Pem, TlsConfig,
};
pub use openssl;
