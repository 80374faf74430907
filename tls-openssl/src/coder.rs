//! One connection.
//!
//! What OpenSSL asks of its caller, and where it is done here:
//!
//! * It swallows the part of a record that is there, and reads on behind the end
//!   of the handshake and of the stream. So it gets one whole record at a time
//!   ([`OpensslCoder::take_record`]).
//! * It makes no alert for what is no TLS from its first byte on, and takes some
//!   of that for a ClientHello of SSLv2 ([`OpensslCoder::refuse`]).
//! * An error that someone has left in the thread's queue makes each "wait for
//!   more" a fatal error ([`OpensslCoder::call`]).
//! * While the peer has sent a part of a message behind the handshake, it writes
//!   neither data nor a close_notify ([`OpensslCoder::send_waiting`]).
//! * A connection that goes away without an end takes its session with it, so
//!   that nothing can be resumed ([`OpensslCoder::drop`]).

use loopline_core::tls::{Coder, Progress, Received, Session, TlsError, TlsErrorKind};
use openssl::error::ErrorStack;
use openssl::ssl::{self, ErrorCode, ShutdownState, Ssl, SslStream, SslVersion};

use crate::error::{NoRecord, stack_error, tls_error};
use crate::pipe::Pipe;
use crate::rare::Rare;
use crate::record::{self, ALERT, Fault, HEADER};
use crate::session;
use crate::sys::{keep_resumed, with_input};

/// The most data in one record (RFC 8446, section 5.1).
const FRAGMENT: usize = 16 * 1024;

/// How many requests for new keys may follow each other: as many as rustls takes.
const UPDATES_LIMIT: u8 = 32;

/// How much may wait to be encrypted before more is refused, in bytes.
const WAITING_LIMIT: usize = 64 * 1024;

/// One TLS connection on OpenSSL.
pub(crate) struct OpensslCoder {
    stream: SslStream<Pipe>,
    rare: Rare,
    started: bool,
    /// A record of the peer's has been given to OpenSSL.
    heard: bool,
    open: bool,
    peer_closed: bool,
    closed: bool,
    /// How often the peer has been answered by the library alone.
    answers: u8,
    /// The close_notify is behind what waits.
    close_waits: bool,
    failed: bool,
}

impl OpensslCoder {
    pub(crate) fn new(ssl: Ssl, server_name: Option<Box<str>>) -> Result<Self, TlsError> {
        let stream = SslStream::new(ssl, Pipe::default()).map_err(stack_error)?;
        Ok(Self {
            stream,
            rare: Rare::named(server_name),
            started: false,
            heard: false,
            open: false,
            peer_closed: false,
            closed: false,
            answers: 0,
            close_waits: false,
            failed: false,
        })
    }

    /// Lets OpenSSL work, with `wire` for what it writes.
    fn call<R>(
        &mut self,
        wire: &mut Vec<u8>,
        call: impl FnOnce(&mut SslStream<Pipe>) -> Result<R, ssl::Error>,
    ) -> Result<R, ssl::Error> {
        // What is taken out of the queue is whoever's who left it there.
        let _ = ErrorStack::get();
        let from = wire.len();
        self.stream.get_mut().swap_output(wire);
        let result = call(&mut self.stream);
        self.stream.get_mut().swap_output(wire);
        if self.closed {
            // Nothing may follow this side's close_notify.
            wire.truncate(from);
        }
        result
    }

    /// Takes the record that `rest` begins with: how many bytes of `rest` are
    /// done with, or none if there is no whole record.
    fn take_record(
        &mut self,
        rest: &[u8],
        plain: &mut Vec<u8>,
        wire: &mut Vec<u8>,
    ) -> Result<Option<usize>, TlsError> {
        if let Some(fault) = Fault::of(rest) {
            return Err(self.refuse(fault, rest, wire));
        }
        let Some(end) = record::end(rest) else {
            return Ok(None);
        };
        let Some(record) = rest.get(..end) else {
            return Ok(None);
        };
        self.heard = true;
        let (was_open, said, read) = (self.open, wire.len(), plain.len());
        let result = if was_open {
            self.read(record, plain, wire)
        } else {
            self.shake_hands(record, wire)
        };
        result.map_err(|error| tls_error(error, self.stream.ssl()))?;
        if self.peer_closed && !self.can_write() {
            // In the middle of a message, which breaks the rules (RFC 8446,
            // section 5.1). OpenSSL would wait for the rest of it for ever, and
            // encrypt nothing meanwhile, the own close_notify least of all.
            return Err(TlsErrorKind::BadRecord.into());
        }
        if was_open && self.answers_too_much(plain.len() > read, &wire[said..]) {
            return Err(self.refuse(Fault::Length, record, wire));
        }
        Ok(Some(end))
    }

    /// Counts what OpenSSL has said by itself while it was reading: new keys of
    /// its own in TLS 1.3, a warning that it does not renegotiate in TLS 1.2,
    /// which has no other alert to say and goes on. To say so for ever is work
    /// for nothing, and lets what waits to be sent grow.
    fn answers_too_much(&mut self, brought_data: bool, said: &[u8]) -> bool {
        let updates = self.stream.ssl().version2() == Some(SslVersion::TLS1_3);
        if updates && brought_data {
            self.answers = 0;
        }
        let counts = !said.is_empty() && (updates || said.first() == Some(&ALERT));
        self.answers += u8::from(counts);
        self.answers > if updates { UPDATES_LIMIT } else { 1 }
    }

    fn shake_hands(&mut self, record: &[u8], wire: &mut Vec<u8>) -> Result<(), ssl::Error> {
        let done = self.call(wire, |stream| {
            with_input(stream, record, |reading| reading.do_handshake())
        });
        match done {
            Ok(()) => {
                self.open = true;
                keep_resumed(self.stream.ssl());
            }
            Err(error) if error.code() == ErrorCode::WANT_READ => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Appends the data of a record.
    fn read(
        &mut self,
        record: &[u8],
        plain: &mut Vec<u8>,
        wire: &mut Vec<u8>,
    ) -> Result<(), ssl::Error> {
        let room = (record.len() - HEADER).min(FRAGMENT);
        let read = self.call(wire, |stream| {
            with_input(stream, record, |reading| {
                loop {
                    reading.read(plain, room)?;
                    // The usual case, in one step instead of two.
                    if reading.is_drained() {
                        return Ok(());
                    }
                }
            })
        });
        match read {
            Err(error) if error.code() == ErrorCode::WANT_READ => Ok(()),
            Err(error) if error.code() == ErrorCode::ZERO_RETURN => {
                self.peer_closed = true;
                Ok(())
            }
            read => read,
        }
    }

    /// The error of what cannot be a record, and its alert.
    fn refuse(&mut self, fault: Fault, bytes: &[u8], wire: &mut Vec<u8>) -> TlsError {
        if self.heard {
            // Only OpenSSL has the keys for an alert.
            let (open, provocation) = (self.open, fault.provocation(bytes));
            let _ = self.call(wire, |stream| {
                with_input(stream, &provocation, |reading| match open {
                    true => reading.read(&mut Vec::new(), 1).map(drop),
                    false => reading.do_handshake(),
                })
            });
        } else if !self.closed {
            wire.extend_from_slice(&fault.alert());
        }
        let header = bytes[..bytes.len().min(HEADER)].to_vec();
        TlsError::new(TlsErrorKind::BadRecord, NoRecord(header))
    }

    /// Ends the connection.
    fn fail(&mut self, error: TlsError) -> TlsError {
        self.failed = true;
        drop(self.rare.take_waiting());
        error
    }

    /// Whether data can be sent.
    fn check_sending(&self) -> Result<(), TlsError> {
        let kind = if self.failed {
            TlsErrorKind::Failed
        } else if self.closed || self.close_waits {
            TlsErrorKind::Closed
        } else if !self.open {
            TlsErrorKind::NotOpen
        } else {
            return Ok(());
        };
        Err(kind.into())
    }

    /// Encrypts as much as OpenSSL takes, which is all of it unless the peer has
    /// left a message unfinished; says how much that was.
    fn encrypt(&mut self, plain: &[u8], wire: &mut Vec<u8>) -> Result<usize, TlsError> {
        let mut done = 0;
        while done < plain.len() {
            match self.call(wire, |stream| stream.ssl_write(&plain[done..])) {
                Ok(count) => done += count,
                Err(error) if error.code() == ErrorCode::WANT_READ => break,
                Err(error) => return Err(tls_error(error, self.stream.ssl())),
            }
        }
        Ok(done)
    }

    /// Sends what had to wait, as soon as it can be.
    fn send_waiting(&mut self, wire: &mut Vec<u8>) -> Result<(), TlsError> {
        if self.rare.waiting() > 0 {
            let waiting = self.rare.take_waiting();
            let done = self.encrypt(&waiting, wire)?;
            if done < waiting.len() {
                self.rare.wait(&waiting[done..]);
            }
        }
        if self.close_waits && self.rare.waiting() == 0 && self.can_write() {
            self.close_waits = false;
            self.notify(wire)?;
        }
        Ok(())
    }

    /// Whether OpenSSL is not in the middle of a message.
    fn can_write(&self) -> bool {
        self.stream.ssl().is_init_finished()
    }

    /// Sends the close_notify.
    fn notify(&mut self, wire: &mut Vec<u8>) -> Result<(), TlsError> {
        let closed = self.call(wire, SslStream::shutdown);
        self.closed = true;
        match closed {
            Ok(_) => Ok(()),
            Err(error) => Err(tls_error(error, self.stream.ssl())),
        }
    }

    fn progress(&self) -> Progress {
        match (self.peer_closed, self.open) {
            (true, _) => Progress::PeerClosed,
            (false, true) => Progress::Open,
            (false, false) => Progress::Handshaking,
        }
    }

    /// All whole records, up to the end of the handshake or of the stream.
    fn take_records(
        &mut self,
        input: &[u8],
        plain: &mut Vec<u8>,
        wire: &mut Vec<u8>,
    ) -> Result<usize, TlsError> {
        let was_open = self.open;
        let mut consumed = 0;
        while !self.peer_closed && consumed < input.len() {
            match self.take_record(&input[consumed..], plain, wire)? {
                Some(done) => consumed += done,
                None => break,
            }
            // What is behind the handshake stays the caller's for now (T3).
            if self.open && !was_open {
                break;
            }
        }
        self.send_waiting(wire)?;
        Ok(consumed)
    }
}

impl Coder for OpensslCoder {
    fn start(&mut self, wire: &mut Vec<u8>) -> Result<(), TlsError> {
        if self.failed {
            return Err(TlsErrorKind::Failed.into());
        }
        if std::mem::replace(&mut self.started, true) {
            return Err(TlsErrorKind::Misuse("a TLS connection starts once").into());
        }
        if self.stream.ssl().is_server() {
            // It has nothing to say before it has heard something.
            return Ok(());
        }
        let begun = self.shake_hands(&[], wire);
        self.stream.get_mut().rest();
        begun.map_err(|error| {
            let error = tls_error(error, self.stream.ssl());
            self.fail(error)
        })
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
        let taken = self.take_records(input, plain, wire);
        self.stream.get_mut().rest();
        match taken {
            Ok(consumed) => Ok(Received {
                consumed,
                progress: self.progress(),
            }),
            Err(error) => Err(self.fail(error)),
        }
    }

    fn send(&mut self, plain: &[u8], wire: &mut Vec<u8>) -> Result<(), TlsError> {
        self.check_sending()?;
        if self.rare.waiting() > WAITING_LIMIT {
            return Err(self.fail(TlsErrorKind::TooMuchInput.into()));
        }
        let done = match self.rare.waiting() == 0 {
            true => self
                .encrypt(plain, wire)
                .map_err(|error| self.fail(error))?,
            false => 0,
        };
        self.stream.get_mut().rest();
        self.rare.wait(&plain[done..]);
        Ok(())
    }

    /// The `openssl` crate does not offer it.
    fn update_keys(&mut self, _: &mut Vec<u8>) -> Result<(), TlsError> {
        self.check_sending()?;
        Err(TlsErrorKind::Unsupported.into())
    }

    fn close(&mut self, wire: &mut Vec<u8>) -> Result<(), TlsError> {
        if self.failed || self.closed || !self.open {
            // During the handshake there is nothing that a close_notify could
            // end, and OpenSSL sends none.
            self.closed = true;
            return Ok(());
        }
        if !self.can_write() {
            self.close_waits = true;
            return Ok(());
        }
        let notified = self.notify(wire);
        self.stream.get_mut().rest();
        notified.map_err(|error| self.fail(error))
    }

    fn session(&self) -> Option<&Session> {
        let agreed = |name: Option<&str>| session::of(self.stream.ssl(), name);
        self.open.then(|| self.rare.session(agreed))
    }
}

impl Drop for OpensslCoder {
    fn drop(&mut self) {
        if self.open && !self.failed {
            self.stream
                .set_shutdown(ShutdownState::SENT | ShutdownState::RECEIVED);
        }
    }
}
