//! A transport that does nothing: what a loop does not know.

use std::any::Any;
use std::io::IoSlice;
use std::time::Duration;

use loopline_core::{
    Address, Flow, LimitsError, SharedProtocol, Transport, TransportSocket, WriteBufferLimits,
    WriteError,
};

/// A transport that has nothing.
pub(crate) struct Mute {
    /// What it says about closing.
    pub(crate) is_closing: bool,
}

impl Transport for Mute {
    fn write(&self, _data: &[u8]) -> Result<Flow, WriteError> {
        Ok(Flow::Closed)
    }

    fn writelines(&self, _lines: &[IoSlice<'_>]) -> Result<Flow, WriteError> {
        Ok(Flow::Closed)
    }

    fn write_eof(&self) -> Result<(), WriteError> {
        Err(WriteError::EofUnsupported)
    }

    fn can_write_eof(&self) -> bool {
        false
    }

    fn close(&self) {}

    fn abort(&self) {}

    fn is_closing(&self) -> bool {
        self.is_closing
    }

    fn set_close_timeout(&self, _timeout: Option<Duration>) {}

    fn pause_reading(&self) {}

    fn resume_reading(&self) {}

    fn is_reading(&self) -> bool {
        false
    }

    fn set_write_buffer_limits(
        &self,
        _high: Option<usize>,
        _low: Option<usize>,
    ) -> Result<(), LimitsError> {
        Ok(())
    }

    fn write_buffer_limits(&self) -> WriteBufferLimits {
        WriteBufferLimits { low: 0, high: 0 }
    }

    fn write_buffer_size(&self) -> usize {
        0
    }

    fn set_protocol(&self, _protocol: SharedProtocol) -> Option<SharedProtocol> {
        None
    }

    fn protocol(&self) -> Option<SharedProtocol> {
        None
    }

    fn peername(&self) -> Option<Address> {
        None
    }

    fn sockname(&self) -> Option<Address> {
        None
    }

    fn socket(&self) -> Option<TransportSocket> {
        None
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
