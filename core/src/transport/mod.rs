//! What a user does to a connection.

mod address;
mod box_cell;
mod dropped;
mod error;
mod flow;
mod flow_control;
mod hand_over;
mod handle;
mod names;
#[cfg(any(windows, test))]
mod pieces;
mod queue;
mod rc_cell;
mod socket;
pub(crate) mod socket_io;
mod stream;
mod stream_io;
mod unread;

pub use address::Address;
pub use error::{LimitsError, WriteError};
pub use flow::{Flow, WriteBufferLimits};
pub use socket::TransportSocket;

pub use hand_over::{HandBack, HandOver, Returned};

pub(crate) use box_cell::BoxCell;
pub(crate) use dropped::DroppedWrites;
pub(crate) use flow_control::FlowControl;
pub(crate) use hand_over::Successor;
pub(crate) use handle::Line;
pub(crate) use names::Names;
pub(crate) use rc_cell::RcCell;
pub(crate) use socket_io::Descriptor;
pub(crate) use stream::{Stream, borrow, copy_error};
pub(crate) use stream_io::StreamIo;
pub(crate) use unread::Unread;

use std::any::Any;
use std::io::IoSlice;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::protocol::SharedProtocol;
use crate::send_file::{FileJob, SendFileError, SendFileErrorKind, SendFileSupport};
use crate::tls::Session;

/// One stream connection, as its user holds it.
///
/// Every method may be called at any time, from inside any callback of any
/// protocol, and after the connection was lost (line D57): writes are then
/// ignored, and the addresses can still be asked for.
///
/// The loop keeps a connection alive until it was closed and
/// [`connection_lost`](crate::Protocol::connection_lost) has been called;
/// dropping the last handle of a user neither closes nor leaks it.
pub trait Transport: 'static {
    /// Sends bytes, in order with all earlier ones. What the kernel does not
    /// take at once is copied and queued (line D34), so the slice is free when
    /// the call returns.
    ///
    /// A failure of the connection is not an error of this call: it reaches
    /// `connection_lost` (line D50). On a closing or lost connection the bytes
    /// are dropped, and [`Flow::Closed`] says so (line D49).
    ///
    /// # Errors
    ///
    /// [`WriteError`] while a file is being sent (line D42), or after
    /// [`write_eof`](Self::write_eof) (line D51): nothing was taken.
    fn write(&self, data: &[u8]) -> Result<Flow, WriteError>;

    /// Sends several slices as if they were one (line D37), with one system
    /// call where the kernel takes them all.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    fn writelines(&self, lines: &[IoSlice<'_>]) -> Result<Flow, WriteError>;

    /// Ends the sending half once everything written has left (line D51).
    /// Twice is once; on a closing connection nothing happens. While a file is
    /// being sent it takes effect after the file (line A45).
    ///
    /// # Errors
    ///
    /// [`WriteError::EofUnsupported`] where [`can_write_eof`](Self::can_write_eof)
    /// is false.
    fn write_eof(&self) -> Result<(), WriteError>;

    /// Whether [`write_eof`](Self::write_eof) is possible on this kind of
    /// transport.
    fn can_write_eof(&self) -> bool;

    /// Whether an `eof_received` that answers true keeps the connection open for
    /// writing. So it is where the sending half can be ended by itself, and over
    /// TLS where that was asked for (line B96).
    fn can_half_close(&self) -> bool {
        self.can_write_eof()
    }

    /// Stops reading at once, sends what is queued, then closes (line D53).
    fn close(&self);

    /// Closes at once and drops what is queued (line D55).
    fn abort(&self);

    /// Whether the connection is being closed or is lost (line D56).
    fn is_closing(&self) -> bool;

    /// Limits how long [`close`](Self::close) may go on sending what is
    /// queued; then the connection is aborted and `connection_lost` is told
    /// [`TimedOut`](std::io::ErrorKind::TimedOut). `None`, the default, waits
    /// without a limit, as asyncio does (line D54). On a connection that is
    /// closing already the time begins now.
    fn set_close_timeout(&self, timeout: Option<Duration>);

    /// Calls no `data_received` until [`resume_reading`](Self::resume_reading)
    /// (lines D16, D17).
    fn pause_reading(&self);

    /// Undoes [`pause_reading`](Self::pause_reading). On a closing connection
    /// nothing happens (line D20).
    fn resume_reading(&self);

    /// Whether the connection reads: neither paused, nor at its end, nor
    /// closing (lines D16, D26).
    fn is_reading(&self) -> bool;

    /// Sets the marks between which `pause_writing` and `resume_writing` are
    /// called, in bytes. A missing `high` is four times `low`, or 64 KiB if
    /// both are missing, 512 KiB over TLS (line B57); a missing `low` is a quarter of `high` (line D45).
    /// A mark of 4 GiB or more stands for no limit, [`usize::MAX`].
    /// The queue is judged by the new marks at once (line D46).
    ///
    /// # Errors
    ///
    /// [`LimitsError`] if `low` is above `high`; nothing changes then.
    fn set_write_buffer_limits(
        &self,
        high: Option<usize>,
        low: Option<usize>,
    ) -> Result<(), LimitsError>;

    /// The marks in force.
    #[doc(alias = "get_write_buffer_limits")]
    fn write_buffer_limits(&self) -> WriteBufferLimits;

    /// Whether the protocol was told to pause writing, and not yet to go on.
    fn is_writing_paused(&self) -> bool {
        false
    }

    /// How many bytes are queued.
    #[doc(alias = "get_write_buffer_size")]
    fn write_buffer_size(&self) -> usize;

    /// Hands all further callbacks to another protocol (line D31), and returns
    /// the one before. `None` if the connection is lost: then nothing changes.
    fn set_protocol(&self, protocol: SharedProtocol) -> Option<SharedProtocol>;

    /// The protocol that gets the callbacks; none after the connection was
    /// lost.
    #[doc(alias = "get_protocol")]
    fn protocol(&self) -> Option<SharedProtocol>;

    /// The address of the peer, also after the connection was lost.
    #[doc(alias = "get_extra_info")]
    fn peername(&self) -> Option<Address>;

    /// The local address, also after the connection was lost.
    #[doc(alias = "get_extra_info")]
    fn sockname(&self) -> Option<Address>;

    /// The socket's options, without its input and output. Each call on it
    /// fails once the connection is lost.
    #[doc(alias = "get_extra_info")]
    fn socket(&self) -> Option<TransportSocket>;

    /// What the TLS handshake has agreed on; none without TLS (line B32).
    #[doc(alias = "get_extra_info")]
    fn session(&self) -> Option<Session> {
        None
    }

    /// Gives the connection to whoever puts a layer onto it, such as
    /// [`start_tls`](crate::EventLoop::start_tls): from here on this handle
    /// refuses to write, and closing it closes the layer (line B22). None if
    /// this kind of transport cannot be given away (line B2), or was already.
    ///
    /// The default declines.
    fn hand_over(&self) -> Option<HandOver> {
        None
    }

    /// What takes the connection back when the layer above it is taken off,
    /// by [`stop_tls`](crate::EventLoop::stop_tls) say. The layer asks
    /// [what it was given](HandOver::below), and before it touches anything.
    /// None if the connection cannot be had back.
    ///
    /// The default declines.
    fn hand_back(&self) -> Option<HandBack> {
        None
    }

    /// How this kind of transport sends files (line A3).
    fn send_file_support(&self) -> SendFileSupport {
        SendFileSupport::Unsupported
    }

    /// Sends a file, in order with what was written before: the form of
    /// [`EventLoop::sendfile`](crate::EventLoop::sendfile) that allocates no
    /// future. The future over it is [`FileJob::send`].
    ///
    /// The first poll checks everything and makes the first attempt. While it
    /// is pending the transport refuses writes and reads nothing, and the loop
    /// sends on its own; dropping or [cancelling](FileJob::cancel) the job
    /// gives the transport back (line A68).
    ///
    /// A transport of one's own [takes](FileJob::take) what is to be sent out
    /// of the job, or hands the job on to the transport that it wraps. The
    /// default refuses (line A2).
    ///
    /// # Errors
    ///
    /// [`SendFileError`], which tells how many bytes had left.
    fn poll_send_file(
        &self,
        cx: &mut Context<'_>,
        job: &mut FileJob,
    ) -> Poll<Result<u64, SendFileError>> {
        let _ = (cx, job);
        Poll::Ready(Err(SendFileError::new(SendFileErrorKind::Unsupported, 0)))
    }

    /// The implementation behind the trait object, by which a loop knows its
    /// own transports.
    fn as_any(&self) -> &dyn Any;
}
