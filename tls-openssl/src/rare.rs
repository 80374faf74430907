//! What few connections have, and an idle one of a server never.

use std::cell::OnceCell;

use loopline_core::tls::Session;

/// The name that a client has sent, data that OpenSSL does not encrypt yet, and
/// what was agreed on, once somebody has asked. It takes no more than a pointer
/// while there is none of them.
#[derive(Default)]
pub(crate) struct Rare(OnceCell<Box<Parts>>);

#[derive(Default)]
struct Parts {
    server_name: Option<Box<str>>,
    waiting: Vec<u8>,
    /// Made when it is first asked for, as it copies the peer's certificates.
    session: OnceCell<Session>,
}

impl Rare {
    pub(crate) fn named(server_name: Option<Box<str>>) -> Self {
        let parts = |name| Parts {
            server_name: Some(name),
            ..Parts::default()
        };
        Self(match server_name {
            Some(name) => OnceCell::from(Box::new(parts(name))),
            None => OnceCell::new(),
        })
    }

    /// How much waits, in bytes.
    pub(crate) fn waiting(&self) -> usize {
        self.0.get().map_or(0, |parts| parts.waiting.len())
    }

    pub(crate) fn take_waiting(&mut self) -> Vec<u8> {
        let parts = self.0.get_mut();
        parts.map_or_else(Vec::new, |parts| std::mem::take(&mut parts.waiting))
    }

    /// Puts bytes behind those that wait.
    pub(crate) fn wait(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let mut parts = self.0.take().unwrap_or_default();
        parts.waiting.extend_from_slice(bytes);
        self.0 = OnceCell::from(parts);
    }

    /// What was agreed on: what `agreed` makes of it and of the name that was sent.
    pub(crate) fn session(&self, agreed: impl FnOnce(Option<&str>) -> Session) -> &Session {
        let parts = self.0.get_or_init(Box::default);
        parts
            .session
            .get_or_init(|| agreed(parts.server_name.as_deref()))
    }
}
