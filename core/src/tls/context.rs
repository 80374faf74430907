//! What makes coders.

use super::{Coder, ServerName, TlsError};

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
}
