//! What the cargo features choose.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::server::ProducesTickets;

/// The provider that the features name; ring where both do.
pub(crate) fn by_feature() -> Option<Arc<CryptoProvider>> {
    #[cfg(feature = "ring")]
    return Some(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
    return Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    None
}

/// What encrypts session tickets (RFC 5077); a [`CryptoProvider`] has no such
/// part, so a server without either feature keeps its sessions in memory.
pub(crate) fn ticketer() -> Option<Result<Arc<dyn ProducesTickets>, rustls::Error>> {
    #[cfg(feature = "ring")]
    return Some(rustls::crypto::ring::Ticketer::new());
    #[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
    return Some(rustls::crypto::aws_lc_rs::Ticketer::new());
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    None
}
