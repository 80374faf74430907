//! The two sides of rustls' unbuffered connections as one type.

use rustls::CommonState;
use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::UnbufferedStatus;

use crate::sni;

/// What a coder needs of a connection. rustls has one type for each side, with
/// equal methods that no trait joins.
pub(crate) trait Connection {
    /// rustls' mark of the side.
    type Data;

    /// Whether it has something to say before it has heard something.
    const BEGINS: bool;

    /// One step: see [`UnbufferedStatus`].
    fn process<'c, 'i>(&'c mut self, input: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data>;

    /// What both sides can be asked.
    fn state(&self) -> &CommonState;

    /// The name that the peer has asked for in the step before, if that step
    /// took a ClientHello.
    fn take_asked_name() -> Option<Box<str>>;
}

impl Connection for UnbufferedClientConnection {
    type Data = ClientConnectionData;

    const BEGINS: bool = true;

    fn process<'c, 'i>(&'c mut self, input: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(input)
    }

    fn state(&self) -> &CommonState {
        self
    }

    fn take_asked_name() -> Option<Box<str>> {
        None
    }
}

impl Connection for UnbufferedServerConnection {
    type Data = ServerConnectionData;

    const BEGINS: bool = false;

    fn process<'c, 'i>(&'c mut self, input: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(input)
    }

    fn state(&self) -> &CommonState {
        self
    }

    fn take_asked_name() -> Option<Box<str>> {
        sni::take()
    }
}
