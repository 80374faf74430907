//! Connected pairs, and what they are tested over.

use loopline_core::tls::{Progress, ServerName, TlsContext, TlsVersion};

use crate::certs::NAME;
use crate::end::{Cut, End, exchange};
use crate::library::{client, server};

pub const VERSIONS: [TlsVersion; 2] = [TlsVersion::Tls12, TlsVersion::Tls13];

pub fn name() -> ServerName<'static> {
    ServerName::try_from(NAME).unwrap()
}

/// Both ends, started.
pub struct Pair {
    pub client: End,
    pub server: End,
}

impl Pair {
    pub fn new(client: &dyn TlsContext, server: &dyn TlsContext) -> Self {
        Self {
            client: End::started(client.client(&name()).unwrap()),
            server: End::started(server.server().unwrap()),
        }
    }

    /// The pair that a client and a server of this version are.
    pub fn of(version: TlsVersion) -> Self {
        Self::new(
            &client(version).build_client().unwrap(),
            &server(version).build_server().unwrap(),
        )
    }

    /// The same, with the handshake done.
    pub fn open(version: TlsVersion) -> Self {
        Self::of(version).opened(Cut::Whole)
    }

    pub fn opened(mut self, cut: Cut) -> Self {
        exchange(&mut self.client, &mut self.server, cut).unwrap();
        assert_eq!(self.client.progress, Progress::Open);
        assert_eq!(self.server.progress, Progress::Open);
        assert!(self.client.input.is_empty() && self.server.input.is_empty());
        self
    }

    /// Sends `plain` both ways.
    pub fn talk(&mut self, plain: &[u8], cut: Cut) {
        self.client.send(plain).unwrap();
        self.server.send(plain).unwrap();
        exchange(&mut self.client, &mut self.server, cut).unwrap();
        assert!(self.client.take_plain() == plain && self.server.take_plain() == plain);
    }
}
