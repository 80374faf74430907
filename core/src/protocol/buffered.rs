//! A protocol that brings its own buffer.

use super::{Outcome, Protocol};
use crate::BoxError;

/// A protocol whose data is read straight into a buffer of its own.
///
/// Implement [`Protocol::as_buffered`] to return `Some(self)`.
///
/// ```
/// use loopline_core::{BoxError, BufferedProtocol, Outcome, Protocol};
///
/// struct Counter { space: [u8; 4096], total: usize }
///
/// impl Protocol for Counter {
///     fn as_buffered(&mut self) -> Option<&mut dyn BufferedProtocol> {
///         Some(self)
///     }
/// }
/// impl BufferedProtocol for Counter {
///     fn buffer(&mut self, _hint: Option<usize>) -> Result<&mut [u8], BoxError> {
///         Ok(&mut self.space)
///     }
///     fn buffer_updated(&mut self, filled: usize) -> Outcome {
///         self.total += filled;
///         Ok(())
///     }
/// }
/// ```
pub trait BufferedProtocol: Protocol {
    /// The space to read into (asyncio's `get_buffer`), asked once for each
    /// read. `hint` is how many bytes are expected, where that is known.
    ///
    /// An empty space kills the connection (line D29).
    ///
    /// # Errors
    ///
    /// An error kills the connection; `connection_lost` is told it (line D10).
    #[doc(alias = "get_buffer")]
    fn buffer(&mut self, hint: Option<usize>) -> Result<&mut [u8], BoxError>;

    /// The first `filled` bytes of the space were written; never 0.
    ///
    /// # Errors
    ///
    /// An error kills the connection; `connection_lost` is told it (line D10).
    fn buffer_updated(&mut self, filled: usize) -> Outcome;
}
