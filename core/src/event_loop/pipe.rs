//! asyncio's transports over pipes.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Connection, EventLoop};
use crate::pipe::{self, OwnedPipe, PipeError};
use crate::protocol::{Protocol, SharedProtocol};

/// Transports over pipes and FIFOs, terminals and other character devices, and
/// sockets: each goes one way (lines D32, D33). Implemented for every loop.
///
/// Where the backend watches sockets alone, as on Windows, a call answers
/// [`PipeError::Watch`].
///
/// A descriptor does not block as long as a transport has it. Standard input and
/// output are usually shared with other processes, and with each other: when the
/// last transport on such a file ends, it blocks again if it did before. (asyncio
/// leaves that to the program.)
///
/// ```
/// use std::rc::Rc;
/// use loopline_core::{EventLoop, Outcome, PipeError, PipeExt, Protocol, Transport};
///
/// struct Lines;
///
/// impl Protocol for Lines {
///     fn data_received(&mut self, data: &[u8]) -> Outcome {
///         println!("{} bytes", data.len());
///         Ok(())
///     }
/// }
///
/// /// Reads what another program writes.
/// # #[cfg(unix)]
/// fn read(
///     event_loop: &dyn EventLoop,
///     child: &mut std::process::Child,
/// ) -> Result<Option<Rc<dyn Transport>>, PipeError> {
///     let Some(output) = child.stdout.take() else {
///         return Ok(None);
///     };
///     let (transport, _) = event_loop.connect_read_pipe(|| Lines, output)?;
///     Ok(Some(transport))
/// }
/// ```
pub trait PipeExt: EventLoop {
    /// Reads from a pipe: makes a transport of it, and calls `connection_made`
    /// before it returns. It takes the descriptor, and closes it at the end.
    ///
    /// At the end of the pipe `eof_received` is called, and `connection_lost` in a
    /// later turn, whatever `eof_received` answers (line D32). That the other side
    /// of a terminal was closed is an error on Linux (pty(7)), EIO, which
    /// `connection_lost` is told. Writing is refused by
    /// [`WriteError::ReadOnly`](crate::WriteError::ReadOnly).
    ///
    /// # Errors
    ///
    /// [`PipeError`]: a regular file, the wrong end, what cannot be watched or is
    /// used by the loop already. `factory` was not called then.
    fn connect_read_pipe<P: Protocol>(
        &self,
        factory: impl FnOnce() -> P,
        pipe: impl Into<OwnedPipe>,
    ) -> Result<Connection<P>, PipeError> {
        let mut made = None;
        let factory = || shared(&mut made, factory());
        let transport = pipe::connect_read_pipe(self.handle().engine(), pipe.into(), factory)?;
        Ok((transport, taken(made)))
    }

    /// Writes to a pipe: makes a transport of it, and calls `connection_made`
    /// before it returns. It takes the descriptor, and closes it at the end.
    ///
    /// When nobody reads any more the transport ends, with
    /// [`BrokenPipe`](std::io::ErrorKind::BrokenPipe) if something was still to be
    /// written (line D33). Of a character device, and where the system does not
    /// tell before, that shows with the next write. `write_eof` is `close`
    /// (line D52). Pausing and resuming reading does nothing; of a socket, what the
    /// peer sends is not read.
    ///
    /// Writing to a pipe that nobody reads raises SIGPIPE, which Rust's programs
    /// ignore from the start; one that does not is ended by it.
    ///
    /// # Errors
    ///
    /// As for [`connect_read_pipe`](Self::connect_read_pipe).
    fn connect_write_pipe<P: Protocol>(
        &self,
        factory: impl FnOnce() -> P,
        pipe: impl Into<OwnedPipe>,
    ) -> Result<Connection<P>, PipeError> {
        let mut made = None;
        let factory = || shared(&mut made, factory());
        let transport = pipe::connect_write_pipe(self.handle().engine(), pipe.into(), factory)?;
        Ok((transport, taken(made)))
    }
}

impl<L: EventLoop + ?Sized> PipeExt for L {}

/// Shares a protocol with the loop, and leaves it in `made`.
fn shared<P: Protocol>(made: &mut Option<Rc<RefCell<P>>>, protocol: P) -> SharedProtocol {
    Rc::clone(made.insert(Rc::new(RefCell::new(protocol)))) as SharedProtocol
}

#[allow(
    clippy::expect_used,
    reason = "who answers a transport has called the factory"
)]
fn taken<P>(made: Option<Rc<RefCell<P>>>) -> Rc<RefCell<P>> {
    made.expect("the factory was called")
}
