//! A connection as its user, or a layer above it, holds it.
//!
//! The user holds the connection itself, which is of no use to him once it was
//! handed over. The layer holds a [`LayersEnd`], which is.

use std::any::Any;
use std::cell::Cell;
use std::io::IoSlice;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use super::hand_over::Named;
use super::{
    Address, Flow, HandBack, HandOver, LimitsError, Returned, Successor, Transport,
    TransportSocket, WriteBufferLimits, WriteError,
};
use crate::protocol::SharedProtocol;
use crate::send_file::{FileJob, SendFileError, SendFileErrorKind, SendFileSupport};
use crate::tls::Session;

/// A connection of this crate: [`Transport`] without the question who asks.
pub(crate) trait Line: Sized + 'static {
    /// The connection as its owners share it; none while it is being dropped.
    fn shared(&self) -> Option<Rc<Self>>;
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
    fn successor(&self) -> &Successor<Self>;
    /// Whether the connection is not its user's any more.
    fn is_handed_over(&self) -> bool {
        self.successor().is_awaited()
    }
    /// Whose it is then, if they are still there.
    fn holder(&self) -> Option<Rc<dyn Transport>> {
        self.successor().holder()
    }
    /// The layer is gone.
    fn take_back(&self, returned: Returned);
}

/// Refuses what is not the user's any more.
fn admit(line: &impl Line) -> Result<(), WriteError> {
    if line.is_handed_over() {
        return Err(WriteError::HandedOver);
    }
    Ok(())
}

fn hand_over<L: Line>(line: &Rc<L>) -> Option<HandOver> {
    if !line.is_writable() {
        return None;
    }
    let end = Rc::new(LayersEnd {
        line: Rc::clone(line),
        layer: Cell::new(None),
    });
    line.successor().give_away(&end);
    Some(HandOver::of_line(end))
}

#[doc(hidden)]
impl<L: Line> Transport for L {
    #[inline]
    fn write(&self, data: &[u8]) -> Result<Flow, WriteError> {
        admit(self)?;
        Line::write(self, data)
    }

    fn writelines(&self, lines: &[IoSlice<'_>]) -> Result<Flow, WriteError> {
        admit(self)?;
        Line::writelines(self, lines)
    }

    fn write_eof(&self) -> Result<(), WriteError> {
        admit(self)?;
        Line::write_eof(self)
    }

    fn can_write_eof(&self) -> bool {
        Line::can_write_eof(self)
    }

    fn can_half_close(&self) -> bool {
        Line::can_half_close(self)
    }

    fn close(&self) {
        match self.holder() {
            Some(successor) => successor.close(),
            None => Line::close(self),
        }
    }

    fn abort(&self) {
        match self.holder() {
            Some(successor) => successor.abort(),
            None => Line::abort(self),
        }
    }

    fn is_closing(&self) -> bool {
        // Who has taken the connection over may be waiting for its peer.
        let ending = |successor: Rc<dyn Transport>| successor.is_closing();
        Line::is_closing(self) || self.holder().is_some_and(ending)
    }

    fn set_close_timeout(&self, timeout: Option<Duration>) {
        if admit(self).is_ok() {
            Line::set_close_timeout(self, timeout);
        }
    }

    fn pause_reading(&self) {
        if admit(self).is_ok() {
            Line::pause_reading(self);
        }
    }

    fn resume_reading(&self) {
        if admit(self).is_ok() {
            Line::resume_reading(self);
        }
    }

    fn is_reading(&self) -> bool {
        Line::is_reading(self)
    }

    fn set_write_buffer_limits(
        &self,
        high: Option<usize>,
        low: Option<usize>,
    ) -> Result<(), LimitsError> {
        match admit(self) {
            Ok(()) => Line::set_write_buffer_limits(self, high, low),
            Err(_) => Ok(()),
        }
    }

    fn write_buffer_limits(&self) -> WriteBufferLimits {
        Line::write_buffer_limits(self)
    }

    fn is_writing_paused(&self) -> bool {
        Line::is_writing_paused(self)
    }

    fn write_buffer_size(&self) -> usize {
        Line::write_buffer_size(self)
    }

    fn set_protocol(&self, protocol: SharedProtocol) -> Option<SharedProtocol> {
        admit(self).ok()?;
        Line::set_protocol(self, protocol)
    }

    fn protocol(&self) -> Option<SharedProtocol> {
        Line::protocol(self)
    }

    fn peername(&self) -> Option<Address> {
        Line::peername(self)
    }

    fn sockname(&self) -> Option<Address> {
        Line::sockname(self)
    }

    fn socket(&self) -> Option<TransportSocket> {
        Line::socket(self)
    }

    fn session(&self) -> Option<Session> {
        Line::session(self)
    }

    fn hand_over(&self) -> Option<HandOver> {
        admit(self).ok()?;
        hand_over(&self.shared()?)
    }

    fn send_file_support(&self) -> SendFileSupport {
        Line::send_file_support(self)
    }

    fn poll_send_file(
        &self,
        cx: &mut Context<'_>,
        job: &mut FileJob,
    ) -> Poll<Result<u64, SendFileError>> {
        if admit(self).is_err() {
            let refused = SendFileError::new(SendFileErrorKind::HandedOver, 0);
            return Poll::Ready(Err(refused));
        }
        Line::poll_send_file(self, cx, job)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A connection that was handed over, as the layer above it holds it.
pub(super) struct LayersEnd<L> {
    line: Rc<L>,
    /// Whom the user's calls reach, once that is known.
    layer: Cell<Option<Weak<dyn Transport>>>,
}

impl<L> LayersEnd<L> {
    pub(super) fn layer(&self) -> Option<Rc<dyn Transport>> {
        let layer = self.layer.take();
        let shared = layer.as_ref().and_then(Weak::upgrade);
        self.layer.set(layer);
        shared
    }
}

impl<L> Named for LayersEnd<L> {
    fn name(&self, layer: Weak<dyn Transport>) {
        let old = self.layer.replace(Some(layer));
        drop(old);
    }
}

impl<L: Line> Transport for LayersEnd<L> {
    fn write(&self, data: &[u8]) -> Result<Flow, WriteError> {
        self.line.write_through(data)
    }

    fn writelines(&self, lines: &[IoSlice<'_>]) -> Result<Flow, WriteError> {
        Line::writelines(&*self.line, lines)
    }

    fn write_eof(&self) -> Result<(), WriteError> {
        Line::write_eof(&*self.line)
    }

    fn can_write_eof(&self) -> bool {
        Line::can_write_eof(&*self.line)
    }

    fn can_half_close(&self) -> bool {
        Line::can_half_close(&*self.line)
    }

    fn close(&self) {
        Line::close(&*self.line);
    }

    fn abort(&self) {
        Line::abort(&*self.line);
    }

    fn is_closing(&self) -> bool {
        Line::is_closing(&*self.line)
    }

    fn set_close_timeout(&self, timeout: Option<Duration>) {
        Line::set_close_timeout(&*self.line, timeout);
    }

    fn pause_reading(&self) {
        Line::pause_reading(&*self.line);
    }

    fn resume_reading(&self) {
        Line::resume_reading(&*self.line);
    }

    fn is_reading(&self) -> bool {
        Line::is_reading(&*self.line)
    }

    fn set_write_buffer_limits(
        &self,
        high: Option<usize>,
        low: Option<usize>,
    ) -> Result<(), LimitsError> {
        Line::set_write_buffer_limits(&*self.line, high, low)
    }

    fn write_buffer_limits(&self) -> WriteBufferLimits {
        Line::write_buffer_limits(&*self.line)
    }

    fn is_writing_paused(&self) -> bool {
        Line::is_writing_paused(&*self.line)
    }

    fn write_buffer_size(&self) -> usize {
        Line::write_buffer_size(&*self.line)
    }

    fn set_protocol(&self, protocol: SharedProtocol) -> Option<SharedProtocol> {
        Line::set_protocol(&*self.line, protocol)
    }

    fn protocol(&self) -> Option<SharedProtocol> {
        Line::protocol(&*self.line)
    }

    fn peername(&self) -> Option<Address> {
        Line::peername(&*self.line)
    }

    fn sockname(&self) -> Option<Address> {
        Line::sockname(&*self.line)
    }

    fn socket(&self) -> Option<TransportSocket> {
        Line::socket(&*self.line)
    }

    fn session(&self) -> Option<Session> {
        Line::session(&*self.line)
    }

    fn hand_over(&self) -> Option<HandOver> {
        hand_over(&self.line)
    }

    fn hand_back(&self) -> Option<HandBack> {
        let line = Rc::clone(&self.line);
        Some(HandBack::new(move |returned| {
            line.successor().take_back();
            line.take_back(returned);
            line
        }))
    }

    fn send_file_support(&self) -> SendFileSupport {
        Line::send_file_support(&*self.line)
    }

    fn poll_send_file(
        &self,
        cx: &mut Context<'_>,
        job: &mut FileJob,
    ) -> Poll<Result<u64, SendFileError>> {
        Line::poll_send_file(&*self.line, cx, job)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
