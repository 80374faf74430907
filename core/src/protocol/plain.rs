//! The callbacks of a connection.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use super::BufferedProtocol;
use crate::BoxError;
use crate::transport::Transport;

/// What a callback answers: an error is asyncio's raised exception.
///
/// It reaches the loop's exception handler. From
/// [`data_received`](Protocol::data_received) and its kin it also ends the
/// connection, with [`connection_lost`](Protocol::connection_lost) told the
/// same error (lines D9 to D11).
pub type Outcome = Result<(), BoxError>;

/// A protocol as the loop holds it: shared with its user, and borrowed mutably
/// for each callback.
///
/// A guard on it that is held across an `await` makes the next callback panic;
/// clippy's `await_holding_refcell_ref` finds such places.
pub type SharedProtocol = Rc<RefCell<dyn Protocol>>;

/// The callbacks of a stream connection, in the order that line D1 fixes:
///
/// ```text
/// connection_made
///   ( data_received | buffer + buffer_updated
///   | pause_writing resume_writing )*
///   eof_received?
///   ( pause_writing resume_writing )*
/// connection_lost
/// ```
///
/// Each of `connection_made`, `eof_received` and `connection_lost` is called
/// at most once, and `connection_lost` exactly once if `connection_made` was.
/// Nothing is called after it.
///
/// A panic in a callback leaves the loop's `run_*` call; the loop can be run
/// again afterwards.
///
/// ```
/// use std::rc::Rc;
/// use loopline_core::{Outcome, Protocol, Transport};
///
/// #[derive(Default)]
/// struct Echo(Option<Rc<dyn Transport>>);
///
/// impl Protocol for Echo {
///     fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
///         self.0 = Some(Rc::clone(transport));
///         Ok(())
///     }
///     fn data_received(&mut self, data: &[u8]) -> Outcome {
///         if let Some(transport) = &self.0 {
///             transport.write(data)?;
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Protocol: 'static {
    /// The connection stands. Called before any data is read (line D2).
    ///
    /// # Errors
    ///
    /// An error kills the connection; `connection_lost` is told it (line D9).
    fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
        let _ = transport;
        Ok(())
    }

    /// Bytes arrived: never empty, at most 256 KiB, and borrowed from the loop
    /// until the call returns (lines D21, D22).
    ///
    /// # Errors
    ///
    /// An error kills the connection; `connection_lost` is told it (line D10).
    fn data_received(&mut self, data: &[u8]) -> Outcome {
        let _ = data;
        Ok(())
    }

    /// As [`data_received`](Self::data_received), of bytes that may be
    /// overwritten: for protocols that decode in place. This is what a
    /// transport calls; the default hands the bytes on.
    ///
    /// # Errors
    ///
    /// As for [`data_received`](Self::data_received).
    fn data_received_mut(&mut self, data: &mut [u8]) -> Outcome {
        self.data_received(data)
    }

    /// The peer sends no more. `Ok(true)` keeps the connection open for
    /// writing; `Ok(false)`, the default, closes it once what was written has
    /// left (line D25).
    ///
    /// # Errors
    ///
    /// An error kills the connection; `connection_lost` is told it (line D10).
    fn eof_received(&mut self) -> Result<bool, BoxError> {
        Ok(false)
    }

    /// The connection is gone: `None` after a local close or abort or the end
    /// of the stream, else the reason (line D4).
    ///
    /// # Errors
    ///
    /// An error reaches the exception handler (line D6).
    fn connection_lost(&mut self, error: Option<&io::Error>) -> Outcome {
        let _ = error;
        Ok(())
    }

    /// More than the high-water mark is waiting to be sent: write no more for
    /// now (line D42). May run inside [`write`](Transport::write).
    ///
    /// # Errors
    ///
    /// An error reaches the exception handler; the connection goes on
    /// (line D11).
    fn pause_writing(&mut self) -> Outcome {
        Ok(())
    }

    /// What is waiting has shrunk to the low-water mark: go on writing
    /// (line D43). Called once for each `pause_writing`.
    ///
    /// # Errors
    ///
    /// An error reaches the exception handler; the connection goes on
    /// (line D11).
    fn resume_writing(&mut self) -> Outcome {
        Ok(())
    }

    /// This protocol as one that brings its own buffer, if it is one. Then
    /// `data_received` is never called.
    ///
    /// Asked before each read, so that a protocol may change its mind.
    fn as_buffered(&mut self) -> Option<&mut dyn BufferedProtocol> {
        None
    }
}
