//! Resumption on the client's side: the one call of the `openssl` crate that is
//! not safe.

use std::sync::{Arc, LazyLock};

use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::ssl::{
    Ssl, SslContext, SslContextBuilder, SslRef, SslSession, SslSessionCacheMode, SslVersion,
};

use crate::sessions::Sessions;

/// Where a connection keeps what becomes of its sessions. To ask OpenSSL for the
/// place fails only for want of memory.
static PLACE: LazyLock<Result<Index<Ssl, Keeper>, ErrorStack>> = LazyLock::new(Ssl::new_ex_index);

/// Keeps the sessions of one connection.
struct Keeper {
    server: Box<str>,
    sessions: Arc<Sessions>,
}

/// A client's context with the sessions of its connections.
#[derive(Clone, Debug)]
pub(crate) struct Resuming {
    context: SslContext,
    /// Filled by the keepers of connections of `context`, and by nothing else.
    sessions: Arc<Sessions>,
}

impl Resuming {
    /// Finishes a context that keeps the sessions of its connections.
    pub(crate) fn new(mut builder: SslContextBuilder) -> Result<Self, ErrorStack> {
        builder
            .set_session_cache_mode(SslSessionCacheMode::CLIENT | SslSessionCacheMode::NO_INTERNAL);
        builder.set_new_session_callback(|ssl, session| keep(ssl, session));
        Ok(Self {
            context: builder.build(),
            sessions: Arc::new(Sessions::default()),
        })
    }

    /// A connection to `server` that resumes a session if there is one.
    pub(crate) fn connection(&self, server: &str) -> Result<Ssl, ErrorStack> {
        let place = PLACE.clone()?;
        let mut ssl = Ssl::new(&self.context)?;
        if let Some(session) = self.sessions.take(server) {
            // SAFETY: asked for is a session of the context of `ssl`. All of
            // `sessions` are: a keeper has them from its own connection, and is
            // given below, to connections of `context` alone.
            unsafe { ssl.set_session(&session)? };
        }
        let keeper = Keeper {
            server: server.into(),
            sessions: Arc::clone(&self.sessions),
        };
        ssl.set_ex_data(place, keeper);
        Ok(ssl)
    }
}

/// Keeps the session that a resumption in TLS 1.2 has ended with. A server may
/// have renewed the ticket; then OpenSSL uses up the session that was resumed,
/// and tells of the new one to nobody.
pub(crate) fn keep_resumed(ssl: &SslRef) {
    if ssl.session_reused() && ssl.version2() != Some(SslVersion::TLS1_3) {
        if let Some(session) = ssl.session() {
            keep(ssl, session.to_owned());
        }
    }
}

/// Keeps a session of the connection, if it is one that has a keeper.
fn keep(ssl: &SslRef, session: SslSession) {
    let Ok(place) = &*PLACE else { return };
    if let Some(keeper) = ssl.ex_data(*place) {
        keeper.sessions.note(&keeper.server, session);
    }
}
