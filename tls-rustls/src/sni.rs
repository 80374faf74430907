//! The name that a client has asked for, on the server's side.
//!
//! rustls shows a ClientHello to the certificate resolver, and its unbuffered
//! server connection tells nobody the name afterwards. The resolver belongs to
//! the configuration, which all connections share; but it runs inside the step
//! that takes the ClientHello, on the thread of that step. So it leaves the name
//! in a variable of the thread, and the coder takes it right after the step.

use std::cell::Cell;
use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

thread_local! {
    static ASKED: Cell<Option<Box<str>>> = const { Cell::new(None) };
}

/// Takes the name that the last step on this thread has seen.
pub(crate) fn take() -> Option<Box<str>> {
    ASKED.take()
}

/// A resolver that notes the name and leaves the rest to the user's.
#[derive(Debug)]
pub(crate) struct NotesName(pub(crate) Arc<dyn ResolvesServerCert>);

impl ResolvesServerCert for NotesName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().map(Box::from);
        let key = self.0.resolve(hello);
        // After the user's resolver, in case that one runs a connection itself.
        ASKED.set(name);
        key
    }

    fn only_raw_public_keys(&self) -> bool {
        self.0.only_raw_public_keys()
    }
}
