//! rustls without buffers of its own, over buffers that are made once.

use std::io::Read;
use std::net::TcpStream;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::ConnectionState;

use super::{BUFFER, secure, send};
use crate::{Fallible, tls};

/// As much as is encrypted at once, and what the records add.
const OUTPUT: usize = BUFFER + (16 << 10);

pub(super) struct Shared {
    config: Arc<ServerConfig>,
    input: Vec<u8>,
    plain: Vec<u8>,
    wire: Vec<u8>,
}

pub(super) struct Secure {
    conn: UnbufferedServerConnection,
    stream: TcpStream,
    /// The beginning of a record that a read has cut.
    cut: Vec<u8>,
}

impl Secure {
    fn encrypt(&mut self, plain: &[u8], wire: &mut [u8]) -> Fallible<()> {
        let ConnectionState::WriteTraffic(mut traffic) =
            self.conn.process_tls_records(&mut []).state?
        else {
            return Err("rustls is in an unexpected state".into());
        };
        let encrypted = traffic.encrypt(plain, wire)?;
        send(&self.stream, &wire[..encrypted])
    }
}

impl secure::Secure for Secure {
    type Shared = Shared;

    fn shared() -> Fallible<Shared> {
        Ok(Shared {
            config: tls::rustls_config()?,
            input: vec![0; BUFFER],
            plain: Vec::with_capacity(BUFFER),
            wire: vec![0; OUTPUT],
        })
    }

    fn new(shared: &Shared, stream: TcpStream) -> Fallible<Self> {
        let conn = UnbufferedServerConnection::new(Arc::clone(&shared.config))?;
        let cut = Vec::new();
        Ok(Self { conn, stream, cut })
    }

    fn stream(&self) -> &TcpStream {
        &self.stream
    }

    fn is_handshaking(&self) -> bool {
        self.conn.is_handshaking()
    }

    fn receive(&mut self, shared: &mut Shared) -> Fallible<bool> {
        let Shared {
            input, plain, wire, ..
        } = shared;
        let before = self.cut.len();
        input[..before].copy_from_slice(&self.cut);
        let received = self.stream.read(&mut input[before..])?;
        if received == 0 {
            return Err("a client has gone".into());
        }
        let filled = before + received;
        let (mut done, mut answer) = (0, 0);
        plain.clear();
        let goes_on = loop {
            let status = self.conn.process_tls_records(&mut input[done..filled]);
            done += status.discard;
            match status.state? {
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record?;
                        done += record.discard;
                        plain.extend_from_slice(record.payload);
                    }
                    if done == filled && !self.conn.wants_write() {
                        break true;
                    }
                }
                ConnectionState::EncodeTlsData(mut data) => {
                    answer += data.encode(&mut wire[answer..])?;
                }
                ConnectionState::TransmitTlsData(data) => data.done(),
                ConnectionState::BlockedHandshake | ConnectionState::WriteTraffic(_) => break true,
                ConnectionState::PeerClosed => break false,
                _ => return Err("rustls is in an unexpected state".into()),
            }
        };
        if done == filled {
            // No memory for a connection that waits.
            self.cut = Vec::new();
        } else {
            self.cut.clear();
            self.cut.extend_from_slice(&input[done..filled]);
        }
        if answer > 0 {
            send(&self.stream, &wire[..answer])?;
        }
        Ok(goes_on)
    }

    fn received(shared: &Shared) -> &[u8] {
        &shared.plain
    }

    fn send_back(&mut self, shared: &mut Shared) -> Fallible<usize> {
        self.encrypt(&shared.plain, &mut shared.wire)?;
        Ok(shared.plain.len())
    }

    fn send(&mut self, plain: &[u8], shared: &mut Shared) -> Fallible<()> {
        self.encrypt(plain, &mut shared.wire)
    }

    fn close(mut self, shared: &mut Shared) -> Fallible<()> {
        let ConnectionState::WriteTraffic(mut traffic) =
            self.conn.process_tls_records(&mut []).state?
        else {
            return Err("rustls is in an unexpected state".into());
        };
        let encrypted = traffic.queue_close_notify(&mut shared.wire)?;
        send(&self.stream, &shared.wire[..encrypted])
    }
}
