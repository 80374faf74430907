//! What can be done to the connection.

use std::io::IoSlice;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::{Flags, State, TlsStream, WRITE_HIGH};
use crate::protocol::SharedProtocol;
use crate::send_file::{Carrier, FileJob, SendFileError, SendFileSupport};
use crate::tls::Session;
use crate::transport::{
    Address, Flow, LimitsError, Line, Returned, Successor, TransportSocket, WriteBufferLimits,
    WriteError,
};

impl Line for TlsStream {
    fn shared(&self) -> Option<Rc<Self>> {
        self.this.upgrade()
    }

    fn write(&self, data: &[u8]) -> Result<Flow, WriteError> {
        self.write_or_gather(data)
    }

    fn write_through(&self, data: &[u8]) -> Result<Flow, WriteError> {
        self.write_slice(data)
    }

    fn writelines(&self, lines: &[IoSlice<'_>]) -> Result<Flow, WriteError> {
        self.write_slices(lines)
    }

    fn write_eof(&self) -> Result<(), WriteError> {
        Err(WriteError::EofUnsupported)
    }

    fn can_write_eof(&self) -> bool {
        false
    }

    fn can_half_close(&self) -> bool {
        self.has(Flags::HALF_CLOSE_ALLOWED)
    }

    fn close(&self) {
        self.close_gently();
    }

    fn abort(&self) {
        self.end_abruptly(None);
    }

    fn is_closing(&self) -> bool {
        let below = self.below();
        matches!(self.state(), State::Closing | State::Ending | State::Lost)
            || below.is_none_or(|below| below.is_closing())
    }

    fn set_close_timeout(&self, timeout: Option<Duration>) {
        // Closing TLS always has a limit (line B4).
        if let Some(timeout) = timeout {
            self.limit_closing(timeout);
        }
    }

    fn pause_reading(&self) {
        if !self.is_closing() {
            self.pause();
        }
    }

    fn resume_reading(&self) {
        if !self.is_closing() {
            self.resume();
        }
    }

    fn is_reading(&self) -> bool {
        !self.is_closing() && !self.has(Flags::PAUSED | Flags::PEER_CLOSED)
    }

    fn set_write_buffer_limits(
        &self,
        high: Option<usize>,
        low: Option<usize>,
    ) -> Result<(), LimitsError> {
        let high = if low.is_none() {
            high.or(Some(WRITE_HIGH))
        } else {
            high
        };
        self.flow.set_limits(high, low)?;
        // Who changes them wants to know what waits.
        self.send_gathered();
        self.share_limits();
        self.reflow();
        Ok(())
    }

    fn write_buffer_limits(&self) -> WriteBufferLimits {
        self.flow.limits()
    }

    fn is_writing_paused(&self) -> bool {
        self.flow.is_told()
    }

    fn write_buffer_size(&self) -> usize {
        self.queued() + self.gathered()
    }

    fn set_protocol(&self, protocol: SharedProtocol) -> Option<SharedProtocol> {
        if self.protocol.is_empty() {
            return None;
        }
        self.protocol.replace(protocol)
    }

    fn protocol(&self) -> Option<SharedProtocol> {
        self.protocol.get()
    }

    fn peername(&self) -> Option<Address> {
        self.below()?.peername()
    }

    fn sockname(&self) -> Option<Address> {
        self.below()?.sockname()
    }

    fn socket(&self) -> Option<TransportSocket> {
        self.below()?.socket()
    }

    fn session(&self) -> Option<Session> {
        self.coder.with(|coder| coder.as_ref()?.session().cloned())
    }

    fn send_file_support(&self) -> SendFileSupport {
        SendFileSupport::Fallback
    }

    fn poll_send_file(
        &self,
        cx: &mut Context<'_>,
        job: &mut FileJob,
    ) -> Poll<Result<u64, SendFileError>> {
        self.send_gathered();
        self.poll_transfer(cx, job)
    }

    fn is_writable(&self) -> bool {
        self.state() == State::Open && !self.has(Flags::TRANSFER)
    }

    fn successor(&self) -> &Successor<Self> {
        &self.successor
    }

    /// A layer that was taken off has none above it: what was below has taken
    /// over.
    fn is_handed_over(&self) -> bool {
        self.state() == State::Stopped || self.successor.is_awaited()
    }

    fn holder(&self) -> Option<Rc<dyn crate::transport::Transport>> {
        match self.state() {
            State::Stopped => self.below(),
            _ => self.successor.holder(),
        }
    }

    fn take_back(&self, returned: Returned) {
        self.put_back(returned);
    }
}
