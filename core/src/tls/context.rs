//! What makes coders.

use super::{Coder, Identities, ServerName, TlsError, TlsErrorKind};

/// A configuration that makes [`Coder`]s: certificates, roots, versions, ALPN.
///
/// It can be shared by threads and loops (line B92); its coders cannot.
pub trait TlsContext: Send + Sync {
    /// The coder of a client that connects to `name`: the name is sent as SNI
    /// and the server's certificate has to be valid for it (line B7).
    ///
    /// # Errors
    ///
    /// [`Misuse`](super::TlsErrorKind::Misuse) if the context is a server's
    /// alone; what the library answers otherwise.
    fn client(&self, name: &ServerName<'static>) -> Result<Box<dyn Coder>, TlsError>;

    /// The coder of a server.
    ///
    /// # Errors
    ///
    /// [`Misuse`](super::TlsErrorKind::Misuse) if the context is a client's
    /// alone; what the library answers otherwise.
    fn server(&self) -> Result<Box<dyn Coder>, TlsError>;

    /// Replaces a server's certificates and keys. Handshakes that begin later
    /// show the new ones, also of coders and clones that exist already; what is
    /// connected stays connected. If one cannot be used, the old ones stay.
    ///
    /// # Errors
    ///
    /// [`Config`](TlsErrorKind::Config) with a
    /// [`ConfigError`](super::ConfigError) that names the file;
    /// [`Unsupported`](TlsErrorKind::Unsupported) by a context that was made of a
    /// library's own configuration, and by default.
    fn replace_identities(&self, identities: &Identities) -> Result<(), TlsError> {
        let _ = identities;
        Err(TlsErrorKind::Unsupported.into())
    }
}
