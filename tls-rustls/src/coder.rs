//! One connection.
//!
//! What rustls' unbuffered connections ask of their caller, and where it is done
//! here:
//!
//! * Input is decrypted and joined in place, and offsets into it are kept, so
//!   what is not discarded has to be presented again as it was left: `held` bytes
//!   at the front of the caller's input ([`RustlsCoder::take_record`]).
//! * To write, a step on an input is needed that yields nothing. That input must
//!   not be shorter than `held`, else rustls indexes past its end: whether it is
//!   empty or not is up to the peer, which can leave the beginning of a message
//!   behind ([`RustlsCoder::write_traffic`]).
//! * An alert is not part of the error; it waits to be taken, on an empty input
//!   and never on the bad one again ([`RustlsCoder::flush`]).
//! * A step that allows writing does not mean that the handshake is done: a
//!   TLS 1.3 server may write before the client's Finished.

use std::cell::OnceCell;

use loopline_core::tls::{Coder, Progress, Received, Session, TlsError, TlsErrorKind};
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, ReadTraffic, WriteTraffic,
};
use rustls::{Error, ProtocolVersion};

use crate::connection::Connection;
use crate::error::tls_error;
use crate::session;

/// The header of a record: type, version, length (RFC 8446, section 5.1).
const HEADER: usize = 5;

/// The most data in one record (RFC 8446, section 5.1).
const FRAGMENT: usize = 16 * 1024;

/// More than any suite adds to a record: header, explicit nonce (TLS 1.2),
/// content type (TLS 1.3) and tag.
const OVERHEAD: usize = 32;

/// One TLS connection on rustls.
pub(crate) struct RustlsCoder<C> {
    conn: C,
    /// What the client has asked for, or sent.
    server_name: Option<Box<str>>,
    /// Made when it is first asked for, as it copies the peer's certificates.
    session: OnceCell<Box<Session>>,
    /// The length of the records that rustls has taken but not discarded.
    held: usize,
    started: bool,
    open: bool,
    peer_closed: bool,
    closed: bool,
    failed: bool,
    /// An update of the keys waits until `held` is empty.
    update_waits: bool,
}

impl<C: Connection> RustlsCoder<C> {
    pub(crate) fn new(conn: C, server_name: Option<Box<str>>) -> Self {
        Self {
            conn,
            server_name,
            session: OnceCell::new(),
            held: 0,
            started: false,
            open: false,
            peer_closed: false,
            closed: false,
            failed: false,
            update_waits: false,
        }
    }

    /// Takes the next record of `rest`, whose first `held` bytes rustls has
    /// seen: how many bytes of `rest` are done with, or none if there is no
    /// whole record.
    fn take_record(
        &mut self,
        rest: &mut [u8],
        plain: &mut Vec<u8>,
        wire: &mut Vec<u8>,
    ) -> Result<Option<usize>, Error> {
        let fresh = &rest[self.held..];
        let end = match fresh.first_chunk::<HEADER>() {
            Some(header) => {
                self.held + HEADER + usize::from(u16::from_be_bytes([header[3], header[4]]))
            }
            None => usize::MAX,
        };
        let Some(record) = rest.get_mut(..end) else {
            // rustls refuses a bad header before the record is whole. Behind
            // bytes that it holds this has to wait for the whole record: it
            // may try to decrypt those once more, and counts how often.
            if self.held == 0 && !rest.is_empty() {
                self.step(rest, plain, wire)?;
            }
            return Ok(None);
        };
        let stepped = self.step(record, plain, wire);
        if !self.open {
            if let Some(name) = C::take_asked_name() {
                self.server_name = Some(name);
            }
            self.open = stepped.is_ok() && !self.conn.state().is_handshaking();
        }
        let done = stepped?;
        self.held = if done == 0 { end } else { end - done };
        Ok(Some(done))
    }

    /// Lets rustls work on `input` until it has nothing more to do, and says how
    /// much of it is done with.
    fn step(
        &mut self,
        input: &mut [u8],
        plain: &mut Vec<u8>,
        wire: &mut Vec<u8>,
    ) -> Result<usize, Error> {
        let mut done = 0;
        loop {
            let status = self.conn.process(&mut input[done..]);
            done += status.discard;
            match status.state? {
                ConnectionState::ReadTraffic(traffic) => {
                    done += read(traffic, plain)?;
                    // The usual case, in one step instead of two.
                    if done == input.len() && !self.conn.state().wants_write() {
                        return Ok(done);
                    }
                }
                ConnectionState::EncodeTlsData(data) => {
                    // Nothing may follow this side's close_notify.
                    if !self.closed {
                        encode(data, wire)?;
                    }
                }
                ConnectionState::TransmitTlsData(data) => data.done(),
                ConnectionState::PeerClosed | ConnectionState::Closed => {
                    self.peer_closed = true;
                    return Ok(done);
                }
                ConnectionState::BlockedHandshake | ConnectionState::WriteTraffic(_) => {
                    return Ok(done);
                }
                _ => return Err(unexpected()),
            }
        }
    }

    /// Takes what rustls has ready for the peer, such as an alert. Works after
    /// an error, and whatever is held: rustls looks at its queue before it looks
    /// at the input.
    fn flush(&mut self, wire: &mut Vec<u8>) {
        while self.conn.state().wants_write() {
            match self.conn.process(&mut []).state {
                Ok(ConnectionState::EncodeTlsData(data)) if !self.closed => {
                    if encode(data, wire).is_err() {
                        return;
                    }
                }
                Ok(ConnectionState::EncodeTlsData(_)) => {}
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
                _ => return,
            }
        }
    }

    /// Runs `write` as soon as rustls allows writing.
    fn write_traffic<R>(
        &mut self,
        wire: &mut Vec<u8>,
        write: impl FnOnce(WriteTraffic<'_, C::Data>, &mut Vec<u8>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        // As long as what rustls holds: it keeps offsets into that, and looks
        // only at what is behind.
        let mut stand_in = vec![0; self.held];
        loop {
            match self.conn.process(&mut stand_in).state? {
                ConnectionState::WriteTraffic(traffic) => return write(traffic, wire),
                ConnectionState::EncodeTlsData(data) => encode(data, wire)?,
                ConnectionState::TransmitTlsData(data) => data.done(),
                _ => return Err(unexpected()),
            }
        }
    }

    /// Ends the connection: the alert, if there is one, and the error.
    fn fail(&mut self, error: Error, wire: &mut Vec<u8>) -> TlsError {
        self.failed = true;
        self.flush(wire);
        tls_error(error)
    }

    /// Whether data can be sent.
    fn check_sending(&self) -> Result<(), TlsError> {
        let kind = if self.failed {
            TlsErrorKind::Failed
        } else if self.closed {
            TlsErrorKind::Closed
        } else if !self.open {
            TlsErrorKind::NotOpen
        } else {
            return Ok(());
        };
        Err(kind.into())
    }

    fn refresh_keys(&mut self, wire: &mut Vec<u8>) -> Result<(), TlsError> {
        match self.write_traffic(wire, |traffic, _| traffic.refresh_traffic_keys()) {
            Ok(()) => self.flush(wire),
            Err(error) => return Err(self.fail(error, wire)),
        }
        Ok(())
    }

    fn progress(&self) -> Progress {
        match (self.peer_closed, self.open) {
            (true, _) => Progress::PeerClosed,
            (false, true) => Progress::Open,
            (false, false) => Progress::Handshaking,
        }
    }
}

impl<C: Connection> Coder for RustlsCoder<C> {
    fn start(&mut self, wire: &mut Vec<u8>) -> Result<(), TlsError> {
        if self.failed {
            return Err(TlsErrorKind::Failed.into());
        }
        if std::mem::replace(&mut self.started, true) {
            return Err(TlsErrorKind::Misuse("a TLS connection starts once").into());
        }
        if !C::BEGINS {
            return Ok(());
        }
        match self.step(&mut [], &mut Vec::new(), wire) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.fail(error, wire)),
        }
    }

    fn receive(
        &mut self,
        input: &mut [u8],
        plain: &mut Vec<u8>,
        wire: &mut Vec<u8>,
    ) -> Result<Received, TlsError> {
        if self.failed {
            return Err(TlsErrorKind::Failed.into());
        }
        if !self.started {
            return Err(TlsErrorKind::Misuse("a TLS connection has to start first").into());
        }
        if !self.peer_closed && input.len() < self.held {
            return Err(TlsErrorKind::Misuse("unconsumed TLS input has to be kept").into());
        }
        let was_open = self.open;
        let mut consumed = 0;
        while !self.peer_closed {
            match self.take_record(&mut input[consumed..], plain, wire) {
                Ok(Some(done)) => consumed += done,
                Ok(None) => break,
                Err(error) => return Err(self.fail(error, wire)),
            }
            // What is behind the handshake stays the caller's for now (T3).
            // Something has to be consumed, for the caller to call again.
            if self.open && !was_open && consumed > 0 {
                break;
            }
        }
        if self.update_waits && self.held == 0 && !self.closed {
            self.update_waits = false;
            self.refresh_keys(wire)?;
        }
        Ok(Received {
            consumed,
            progress: self.progress(),
        })
    }

    fn send(&mut self, plain: &[u8], wire: &mut Vec<u8>) -> Result<(), TlsError> {
        self.check_sending()?;
        if plain.is_empty() {
            return Ok(());
        }
        self.write_traffic(wire, |traffic, wire| encrypt(traffic, plain, wire))
            .map_err(|error| self.fail(error, wire))
    }

    fn send_into(&mut self, plain: &[u8], room: &mut [u8]) -> Option<usize> {
        // What rustls has ready for the peer comes first, and `send` takes it.
        let ready = self.open && !self.closed && !self.failed && !self.conn.state().wants_write();
        if !ready || self.held > 0 {
            return None;
        }
        match self.conn.process(&mut []).state {
            Ok(ConnectionState::WriteTraffic(mut traffic)) => traffic.encrypt(plain, room).ok(),
            _ => None,
        }
    }

    fn update_keys(&mut self, wire: &mut Vec<u8>) -> Result<(), TlsError> {
        self.check_sending()?;
        if self.conn.state().protocol_version() != Some(ProtocolVersion::TLSv1_3) {
            return Err(TlsErrorKind::Unsupported.into());
        }
        if self.held > 0 {
            // rustls ends the connection if keys change while the peer has sent
            // a part of a message only; that is the peer's to end.
            self.update_waits = true;
            return Ok(());
        }
        self.refresh_keys(wire)
    }

    fn close(&mut self, wire: &mut Vec<u8>) -> Result<(), TlsError> {
        if self.failed || self.closed || !self.open {
            // During the handshake there is nothing that a close_notify could
            // end, and rustls has no way to send one.
            self.closed = true;
            return Ok(());
        }
        let closed = self.write_traffic(wire, close_notify);
        self.closed = true;
        closed.map_err(|error| self.fail(error, wire))
    }

    fn session(&self) -> Option<&Session> {
        self.open.then(|| {
            &**self.session.get_or_init(|| {
                Box::new(session::of(self.conn.state(), self.server_name.as_deref()))
            })
        })
    }
}

/// Appends all data of a step, and says how much more input is done with.
fn read<D>(mut traffic: ReadTraffic<'_, '_, D>, plain: &mut Vec<u8>) -> Result<usize, Error> {
    let mut done = 0;
    while let Some(record) = traffic.next_record() {
        let record = record?;
        done += record.discard;
        plain.extend_from_slice(record.payload);
    }
    Ok(done)
}

/// Appends a record that rustls has ready.
fn encode<D>(mut data: EncodeTlsData<'_, D>, wire: &mut Vec<u8>) -> Result<(), Error> {
    // Without room it says how much it needs.
    let Err(EncodeError::InsufficientSize(size)) = data.encode(&mut []) else {
        return Err(unexpected());
    };
    let from = wire.len();
    wire.resize(from + size.required_size, 0);
    let encoded = data.encode(&mut wire[from..]);
    wire.truncate(from + *encoded.as_ref().unwrap_or(&0));
    encoded.map(|_| ()).map_err(|_| unexpected())
}

/// Appends `plain`, encrypted.
fn encrypt<D>(
    mut traffic: WriteTraffic<'_, D>,
    plain: &[u8],
    wire: &mut Vec<u8>,
) -> Result<(), Error> {
    let guess = plain.len() + plain.len().div_ceil(FRAGMENT) * OVERHEAD;
    put(wire, guess, |room| traffic.encrypt(plain, room))
}

/// Appends a close_notify.
fn close_notify<D>(mut traffic: WriteTraffic<'_, D>, wire: &mut Vec<u8>) -> Result<(), Error> {
    put(wire, 2 + OVERHEAD, |room| traffic.queue_close_notify(room))
}

/// Lets `write` fill room at the end of `wire`: as much as guessed, and then as
/// much as it asks for.
fn put(
    wire: &mut Vec<u8>,
    guess: usize,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, EncryptError>,
) -> Result<(), Error> {
    let from = wire.len();
    wire.resize(from + guess, 0);
    let mut written = write(&mut wire[from..]);
    if let Err(EncryptError::InsufficientSize(size)) = &written {
        // Smaller records than guessed, or something waited to be sent first.
        wire.resize(from + size.required_size, 0);
        written = write(&mut wire[from..]);
    }
    wire.truncate(from + *written.as_ref().unwrap_or(&0));
    match written {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::EncryptError),
    }
}

/// What rustls has no reason to do.
fn unexpected() -> Error {
    Error::General("rustls is in an unexpected state".into())
}
