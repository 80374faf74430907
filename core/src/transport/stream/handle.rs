//! What can be done to the connection.

use std::io::IoSlice;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use super::{Flags, Stream, StreamIo};
use crate::protocol::SharedProtocol;
use crate::send_file::{Carrier, FileJob, SendFileError, SendFileSupport};
use crate::transport::socket::LendSocket;
use crate::transport::{
    Address, Flow, LimitsError, Line, Returned, Successor, TransportSocket, WriteBufferLimits,
    WriteError,
};

impl<S: StreamIo> Line for Stream<S> {
    fn shared(&self) -> Option<Rc<Self>> {
        self.this.upgrade()
    }

    #[inline(always)]
    fn write(&self, data: &[u8]) -> Result<Flow, WriteError> {
        self.write_slice(data)
    }

    fn writelines(&self, lines: &[IoSlice<'_>]) -> Result<Flow, WriteError> {
        self.write_slices(lines)
    }

    fn write_eof(&self) -> Result<(), WriteError> {
        if !S::WRITES {
            return Err(WriteError::EofUnsupported);
        }
        if S::READS {
            self.end_writing();
        } else {
            // Nothing is left of it then (line D52).
            self.close_gently();
        }
        Ok(())
    }

    fn can_write_eof(&self) -> bool {
        S::WRITES
    }

    fn can_half_close(&self) -> bool {
        S::READS && S::WRITES
    }

    fn close(&self) {
        self.close_gently();
    }

    fn abort(&self) {
        self.abort_now();
    }

    fn is_closing(&self) -> bool {
        self.has(Flags::CLOSING | Flags::ENDING)
    }

    fn set_close_timeout(&self, timeout: Option<Duration>) {
        if self.has(Flags::ENDING) {
            return;
        }
        if timeout.is_some() || self.busy.with(|busy| busy.is_some()) {
            self.with_busy(|busy| busy.close_timeout = timeout);
        }
        self.start_close_timer();
    }

    fn pause_reading(&self) {
        if S::READS && !self.is_closing() {
            self.pause();
        }
    }

    fn resume_reading(&self) {
        if S::READS && !self.is_closing() {
            self.resume();
        }
    }

    fn is_reading(&self) -> bool {
        S::READS && !self.is_closing() && !self.has(Flags::PAUSED | Flags::EOF_READ)
    }

    fn set_write_buffer_limits(
        &self,
        high: Option<usize>,
        low: Option<usize>,
    ) -> Result<(), LimitsError> {
        self.set_limits(high, low)
    }

    fn write_buffer_limits(&self) -> WriteBufferLimits {
        self.flow.limits()
    }

    fn is_writing_paused(&self) -> bool {
        self.flow.is_told()
    }

    fn write_buffer_size(&self) -> usize {
        self.queued.get()
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
        self.names.peername()
    }

    fn sockname(&self) -> Option<Address> {
        self.names.sockname()
    }

    fn socket(&self) -> Option<TransportSocket> {
        if !S::SYSTEM {
            return None;
        }
        let owner: Rc<dyn LendSocket> = self.this.upgrade()?;
        let owner: Weak<dyn LendSocket> = Rc::downgrade(&owner);
        Some(TransportSocket::new(owner))
    }

    fn send_file_support(&self) -> SendFileSupport {
        if !S::WRITES {
            SendFileSupport::Unsupported
        } else if S::SYSTEM && self.engine.capabilities().send_file {
            SendFileSupport::Native
        } else {
            SendFileSupport::Fallback
        }
    }

    #[inline]
    fn poll_send_file(
        &self,
        cx: &mut Context<'_>,
        job: &mut FileJob,
    ) -> Poll<Result<u64, SendFileError>> {
        self.poll_transfer(cx, job)
    }

    fn is_writable(&self) -> bool {
        // A layer needs both directions (line B2).
        S::READS && S::WRITES && !self.has(Flags::TRANSFER | Flags::EOF_WRITTEN)
    }

    fn successor(&self) -> &Successor<Self> {
        &self.successor
    }

    fn take_back(&self, returned: Returned) {
        self.put_back(returned);
    }
}
