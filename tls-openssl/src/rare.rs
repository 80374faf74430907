//! What few connections have, and an idle one of a server never.

/// The name that a client has sent, and data that OpenSSL does not encrypt yet.
/// It takes no more than a pointer while there is neither.
#[derive(Default)]
pub(crate) struct Rare(Option<Box<Parts>>);

#[derive(Default)]
struct Parts {
    server_name: Option<Box<str>>,
    waiting: Vec<u8>,
}

impl Rare {
    pub(crate) fn named(server_name: Option<Box<str>>) -> Self {
        let parts = |name| Parts {
            server_name: Some(name),
            ..Parts::default()
        };
        Self(server_name.map(|name| Box::new(parts(name))))
    }

    pub(crate) fn server_name(&self) -> Option<&str> {
        self.0.as_ref()?.server_name.as_deref()
    }

    /// How much waits, in bytes.
    pub(crate) fn waiting(&self) -> usize {
        self.0.as_ref().map_or(0, |parts| parts.waiting.len())
    }

    pub(crate) fn take_waiting(&mut self) -> Vec<u8> {
        let parts = self.0.as_mut();
        parts.map_or_else(Vec::new, |parts| std::mem::take(&mut parts.waiting))
    }

    /// Puts bytes behind those that wait.
    pub(crate) fn wait(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            let parts = self.0.get_or_insert_default();
            parts.waiting.extend_from_slice(bytes);
        }
    }
}
