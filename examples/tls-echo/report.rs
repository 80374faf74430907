//! What happens to connections, one JSON object in each line.

use std::io;

use loopline::Transport;
use loopline::tls::{Session, StartTlsError};
use serde_json::{Value, json};

use crate::exit;

/// How a connection is called.
pub(crate) fn name(transport: &dyn Transport) -> String {
    let address = transport.peername();
    address.map_or_else(String::new, |address| address.to_string())
}

/// The handshake is done.
pub(crate) fn open(peer: &str, session: Option<Session>) {
    let session = session.map(|session| {
        json!({
            "tls_version": session.version.to_string(),
            "cipher_suite": session.cipher_suite_name,
            "server_name": session.server_name,
            "resumed": session.resumed,
        })
    });
    print(&json!({ "event": "open", "peer": peer, "session": session }));
}

/// The handshake has failed.
pub(crate) fn refused(peer: &str, error: &StartTlsError) {
    print(&json!({ "event": "refused", "peer": peer, "error": error.to_string() }));
}

/// The connection is gone.
pub(crate) fn lost(peer: &str, error: Option<&io::Error>) {
    let error = error.map(ToString::to_string);
    print(&json!({ "event": "lost", "peer": peer, "error": error }));
}

fn print(event: &Value) {
    // Without anybody who reads it the server goes on.
    let _ = exit::print(format_args!("{event}\n"));
}
