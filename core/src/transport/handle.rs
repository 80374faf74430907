//! A connection as its user, or a layer above it, holds it.

use std::any::Any;
use std::io::IoSlice;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::{
    Address, Flow, HandBack, HandOver, LimitsError, Returned, Successor, Transport,
    TransportSocket, WriteBufferLimits, WriteError,
};
use crate::protocol::SharedProtocol;
use crate::send_file::{FileJob, SendFileError, SendFileErrorKind, SendFileSupport};
use crate::tls::Session;

/// A connection of this crate: [`Transport`] without the question who asks.
pub(crate) trait Line: 'static {
    fn write(&self, data: &[u8]) -> Result<Flow, WriteError>;
    /// What a layer above writes, which has joined what there is to be joined.
    fn write_through(&self, data: &[u8]) -> Result<Flow, WriteError> {
        self.write(data)
    }
    fn writelines(&self, lines: &[IoSlice<'_>]) -> Result<Flow, WriteError>;
    fn write_eof(&self) -> Result<(), WriteError>;
    fn can_write_eof(&self) -> bool;
    fn can_half_close(&self) -> bool {
        self.can_write_eof()
    }
    fn close(&self);
    fn abort(&self);
    fn is_closing(&self) -> bool;
    fn set_close_timeout(&self, timeout: Option<Duration>);
    fn pause_reading(&self);
    fn resume_reading(&self);
    fn is_reading(&self) -> bool;
    fn set_write_buffer_limits(
        &self,
        high: Option<usize>,
        low: Option<usize>,
    ) -> Result<(), LimitsError>;
    fn write_buffer_limits(&self) -> WriteBufferLimits;
    fn is_writing_paused(&self) -> bool;
    fn write_buffer_size(&self) -> usize;
    fn set_protocol(&self, protocol: SharedProtocol) -> Option<SharedProtocol>;
    fn protocol(&self) -> Option<SharedProtocol>;
    fn peername(&self) -> Option<Address>;
    fn sockname(&self) -> Option<Address>;
    fn socket(&self) -> Option<TransportSocket>;
    fn session(&self) -> Option<Session> {
        None
    }
    fn send_file_support(&self) -> SendFileSupport;
    fn poll_send_file(
        &self,
        cx: &mut Context<'_>,
        job: &mut FileJob,
    ) -> Poll<Result<u64, SendFileError>>;
    /// Whether a file is being sent, or the sending half was ended: then no
    /// layer can be put onto the connection.
    fn is_writable(&self) -> bool;
    /// Whether a layer has taken the connection over, and which.
    fn successor(&self) -> &Successor;
    /// The layer is gone.
    fn take_back(&self, returned: Returned);
}

/// A handle on a connection: its user's, which is of no use once the
/// connection was handed over, or that of the layer above it.
pub(crate) struct Handle<L> {
    line: Rc<L>,
    of_user: bool,
}

impl<L: Line> Handle<L> {
    /// The handle of the connection's user.
    pub(crate) fn of_user(line: Rc<L>) -> Self {
        Self {
            line,
            of_user: true,
        }
    }

    pub(crate) fn is_handed_over(&self) -> bool {
        self.of_user && self.line.successor().is_awaited()
    }

    fn admit(&self) -> Result<(), WriteError> {
        if self.is_handed_over() {
            return Err(WriteError::HandedOver);
        }
        Ok(())
    }

    /// The connection itself.
    pub(crate) fn line(&self) -> &Rc<L> {
        &self.line
    }

    /// Who has taken the connection over, if they are still there.
    fn successor(&self) -> Option<Rc<dyn Transport>> {
        if !self.of_user {
            return None;
        }
        self.line.successor().holder()
    }
}

impl<L: Line> Transport for Handle<L> {
    fn write(&self, data: &[u8]) -> Result<Flow, WriteError> {
        // A layer writes to what was given to it.
        if self.line.successor().is_unheard_of() {
            return self.line.write(data);
        }
        if !self.of_user {
            return self.line.write_through(data);
        }
        self.admit()?;
        self.line.write(data)
    }

    fn writelines(&self, lines: &[IoSlice<'_>]) -> Result<Flow, WriteError> {
        self.admit()?;
        self.line.writelines(lines)
    }

    fn write_eof(&self) -> Result<(), WriteError> {
        self.admit()?;
        self.line.write_eof()
    }

    fn can_write_eof(&self) -> bool {
        self.line.can_write_eof()
    }

    fn can_half_close(&self) -> bool {
        self.line.can_half_close()
    }

    fn close(&self) {
        match self.successor() {
            Some(successor) => successor.close(),
            None => self.line.close(),
        }
    }

    fn abort(&self) {
        match self.successor() {
            Some(successor) => successor.abort(),
            None => self.line.abort(),
        }
    }

    fn is_closing(&self) -> bool {
        // Who has taken the connection over may be waiting for its peer.
        let ending = |successor: Rc<dyn Transport>| successor.is_closing();
        self.line.is_closing() || self.successor().is_some_and(ending)
    }

    fn set_close_timeout(&self, timeout: Option<Duration>) {
        if !self.is_handed_over() {
            self.line.set_close_timeout(timeout);
        }
    }

    fn pause_reading(&self) {
        if !self.is_handed_over() {
            self.line.pause_reading();
        }
    }

    fn resume_reading(&self) {
        if !self.is_handed_over() {
            self.line.resume_reading();
        }
    }

    fn is_reading(&self) -> bool {
        self.line.is_reading()
    }

    fn set_write_buffer_limits(
        &self,
        high: Option<usize>,
        low: Option<usize>,
    ) -> Result<(), LimitsError> {
        if self.is_handed_over() {
            return Ok(());
        }
        self.line.set_write_buffer_limits(high, low)
    }

    fn write_buffer_limits(&self) -> WriteBufferLimits {
        self.line.write_buffer_limits()
    }

    fn is_writing_paused(&self) -> bool {
        self.line.is_writing_paused()
    }

    fn write_buffer_size(&self) -> usize {
        self.line.write_buffer_size()
    }

    fn set_protocol(&self, protocol: SharedProtocol) -> Option<SharedProtocol> {
        if self.is_handed_over() {
            return None;
        }
        self.line.set_protocol(protocol)
    }

    fn protocol(&self) -> Option<SharedProtocol> {
        self.line.protocol()
    }

    fn peername(&self) -> Option<Address> {
        self.line.peername()
    }

    fn sockname(&self) -> Option<Address> {
        self.line.sockname()
    }

    fn socket(&self) -> Option<TransportSocket> {
        self.line.socket()
    }

    fn session(&self) -> Option<Session> {
        self.line.session()
    }

    fn hand_over(&self) -> Option<HandOver> {
        if self.is_handed_over() || !self.line.is_writable() {
            return None;
        }
        self.line.successor().give_away();
        let below = Self {
            line: Rc::clone(&self.line),
            of_user: false,
        };
        let line = Rc::clone(&self.line);
        Some(HandOver::new(Rc::new(below), move |layer| {
            line.successor().name(layer);
        }))
    }

    fn hand_back(&self) -> Option<HandBack> {
        if self.of_user {
            return None;
        }
        let line = Rc::clone(&self.line);
        Some(HandBack::new(move |returned| {
            line.successor().take_back();
            line.take_back(returned);
            Rc::new(Self::of_user(line))
        }))
    }

    fn send_file_support(&self) -> SendFileSupport {
        self.line.send_file_support()
    }

    fn poll_send_file(
        &self,
        cx: &mut Context<'_>,
        job: &mut FileJob,
    ) -> Poll<Result<u64, SendFileError>> {
        if self.is_handed_over() {
            let refused = SendFileError::new(SendFileErrorKind::HandedOver, 0);
            return Poll::Ready(Err(refused));
        }
        self.line.poll_send_file(cx, job)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
