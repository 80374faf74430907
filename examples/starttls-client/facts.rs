//! What is printed at the end.

use std::fmt::{self, Display};

use loopline::tls::Session;
use serde_json::json;
use sha2::{Digest, Sha256};

/// What was agreed on.
pub(crate) struct Facts {
    pub(crate) session: Session,
    /// What the server offers over TLS, in its own words.
    pub(crate) offered: Vec<String>,
}

impl Display for Facts {
    /// One object, in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = &self.session;
        let sums = session.peer_certificates.iter().map(|certificate| {
            let sum = Sha256::digest(certificate);
            sum.iter().map(|byte| format!("{byte:02x}")).collect()
        });
        let object = json!({
            "tls_version": session.version.to_string(),
            "cipher_suite": session.cipher_suite_name,
            "server_name": session.server_name,
            "alpn": session.alpn.as_deref().map(String::from_utf8_lossy),
            "certificates_sha256": sums.collect::<Vec<String>>(),
            "resumed": session.resumed,
            "offered": self.offered,
        });
        object.fmt(f)
    }
}
