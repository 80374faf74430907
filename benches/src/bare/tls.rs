//! TLS on a socket that does not block: rustls without buffers of its own, over
//! buffers that are made once.

use std::io::Read;
use std::net::TcpStream;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::ConnectionState;

use super::send;
use crate::Fallible;

/// As much a read as loopline takes.
const INPUT: usize = 256 << 10;

/// As much as is encrypted at once, and what the records add.
const OUTPUT: usize = INPUT + (16 << 10);

/// What every connection of a loop reads into and writes out of.
pub(super) struct Buffers {
    input: Vec<u8>,
    /// How much of the input is the beginning of a record.
    filled: usize,
    /// What the last call has decrypted.
    pub(super) plain: Vec<u8>,
    pub(super) wire: Vec<u8>,
}

impl Buffers {
    pub(super) fn new() -> Self {
        Self {
            input: vec![0; INPUT],
            filled: 0,
            plain: Vec::with_capacity(INPUT),
            wire: vec![0; OUTPUT],
        }
    }
}

pub(super) struct Secure {
    conn: UnbufferedServerConnection,
    pub(super) stream: TcpStream,
}

impl Secure {
    pub(super) fn new(config: &Arc<ServerConfig>, stream: TcpStream) -> Fallible<Self> {
        let conn = UnbufferedServerConnection::new(Arc::clone(config))?;
        Ok(Self { conn, stream })
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.conn.is_handshaking()
    }

    /// Reads once, decrypts what has come, and answers what is for the library
    /// to answer; false once the peer has ended the connection.
    pub(super) fn receive(&mut self, buffers: &mut Buffers) -> Fallible<bool> {
        let received = self.stream.read(&mut buffers.input[buffers.filled..])?;
        if received == 0 {
            return Err("a client has gone".into());
        }
        let filled = buffers.filled + received;
        let (mut done, mut answer) = (0, 0);
        buffers.plain.clear();
        let goes_on = loop {
            let status = self
                .conn
                .process_tls_records(&mut buffers.input[done..filled]);
            done += status.discard;
            match status.state? {
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record?;
                        done += record.discard;
                        buffers.plain.extend_from_slice(record.payload);
                    }
                    if done == filled && !self.conn.wants_write() {
                        break true;
                    }
                }
                ConnectionState::EncodeTlsData(mut data) => {
                    answer += data.encode(&mut buffers.wire[answer..])?;
                }
                ConnectionState::TransmitTlsData(data) => data.done(),
                ConnectionState::BlockedHandshake | ConnectionState::WriteTraffic(_) => break true,
                ConnectionState::PeerClosed => break false,
                _ => return Err("rustls is in an unexpected state".into()),
            }
        };
        buffers.input.copy_within(done..filled, 0);
        buffers.filled = filled - done;
        if answer > 0 {
            send(&self.stream, &buffers.wire[..answer])?;
        }
        Ok(goes_on)
    }

    /// Encrypts and sends.
    pub(super) fn send(&mut self, plain: &[u8], wire: &mut [u8]) -> Fallible<()> {
        let ConnectionState::WriteTraffic(mut traffic) =
            self.conn.process_tls_records(&mut []).state?
        else {
            return Err("rustls is in an unexpected state".into());
        };
        let encrypted = traffic.encrypt(plain, wire)?;
        send(&self.stream, &wire[..encrypted])
    }

    /// Ends the connection in order.
    pub(super) fn close(mut self, wire: &mut [u8]) -> Fallible<()> {
        let ConnectionState::WriteTraffic(mut traffic) =
            self.conn.process_tls_records(&mut []).state?
        else {
            return Err("rustls is in an unexpected state".into());
        };
        let encrypted = traffic.queue_close_notify(wire)?;
        send(&self.stream, &wire[..encrypted])
    }
}
