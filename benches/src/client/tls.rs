//! The other end of the connections over TLS: rustls with its own buffers,
//! whatever serves.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::connect;
use crate::{Fallible, tls};

/// A connection whose handshake is done.
pub(super) type Secure = StreamOwned<ClientConnection, TcpStream>;

/// What makes connections to one server.
pub(super) struct TlsClient {
    address: SocketAddr,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl TlsClient {
    pub(super) fn new(address: SocketAddr, resuming: bool) -> Fallible<Self> {
        Ok(Self {
            address,
            config: tls::client_config(resuming)?,
            name: ServerName::try_from(tls::NAME)?,
        })
    }

    pub(super) fn connect_all(&self, connections: usize) -> Fallible<Vec<Secure>> {
        (0..connections).map(|_| self.connect()).collect()
    }

    fn connect(&self) -> Fallible<Secure> {
        let mut stream = connect(self.address)?;
        let mut conn = ClientConnection::new(Arc::clone(&self.config), self.name.clone())?;
        while conn.is_handshaking() {
            conn.complete_io(&mut stream)?;
        }
        Ok(StreamOwned::new(conn, stream))
    }

    /// One connection from its beginning to its end, which has to be in order.
    pub(super) fn visit(&self) -> Fallible<()> {
        let mut secure = self.connect()?;
        secure.conn.send_close_notify();
        // The tickets come before the end, and are kept for the next time.
        match secure.read(&mut [0])? {
            0 => Ok(()),
            _ => Err("a server has sent what nobody asked for".into()),
        }
    }
}
