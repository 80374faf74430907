//! The loop as its users hold it.

mod callback;
mod error;
mod ext;
mod handle;
mod outcome;
mod owner;
mod pipe;
mod signal;
mod sock;

pub use callback::Callback;
pub use error::{LoopClosed, RunError, WatchError};
pub use ext::EventLoopExt;
pub use handle::{LoopHandle, running_loop};
pub use outcome::IntoOutcome;
pub use owner::Loop;
pub use pipe::PipeExt;
pub use signal::SignalExt;
pub use sock::SockExt;

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::BoxError;
use crate::backend::{AsSource, Capabilities, Source};
use crate::engine::{ExceptionContext, Handle, Metrics, Remote, Snapshot, TimerHandle};
use crate::net::{
    AcceptOptions, BindTarget, ConnectError, ConnectOptions, ConnectTarget, ConnectedSocket,
    ListenError, Resolver, Server, ServerOptions,
};
use crate::protocol::{Outcome, Protocol, SharedProtocol};
use crate::send_file::{FileJob, FileSource, SendFileError, SendFileFuture, SendFileOptions};
use crate::task::TaskHandle;
use crate::tls::{StartTlsError, StartTlsOptions, StopTlsError, StopTlsOptions, TlsContext};
use crate::transport::Transport;

/// A callback that runs whenever a watched descriptor is ready. An error that
/// it returns reaches the exception handler, and the watch stays (line C14).
pub type WatchCallback = Box<dyn FnMut() -> Outcome>;

/// Makes the protocol of one new connection. An error ends that connection
/// alone (line D65).
pub type ProtocolFactory = Box<dyn FnMut() -> Result<SharedProtocol, BoxError>>;

/// What the exception handler is set to.
pub type ExceptionHandler = Rc<dyn Fn(&ExceptionContext<'_>)>;

/// A new connection: its transport and the protocol that the factory made.
pub type Connection<P = dyn Protocol> = (Rc<dyn Transport>, Rc<RefCell<P>>);

/// An event loop: object-safe, so that applications and test suites can hold
/// any loop as `Rc<dyn EventLoop>`.
///
/// Methods that take a callback, a future or a protocol take it boxed here, or as a
/// [`Callback`], and are named `..._boxed`; [`EventLoopExt`] has each of them under
/// asyncio's name, for closures, futures and protocols of any type.
///
/// A loop belongs to one thread. From other threads only [`Remote`] reaches it.
#[async_trait(?Send)]
pub trait EventLoop {
    /// A handle on the loop, for callbacks, protocols and tasks to keep.
    fn handle(&self) -> LoopHandle;

    /// The loop's monotonic clock (line E8).
    fn time(&self) -> Instant;

    /// Runs a callback in the next turn, after all that were queued before
    /// (line E1).
    ///
    /// # Errors
    ///
    /// [`LoopClosed`] once the loop is closed (line E13).
    fn call_soon_boxed(&self, callback: Callback) -> Result<Handle, LoopClosed>;

    /// Runs a callback when `delay` has passed, never earlier (line E6).
    ///
    /// # Errors
    ///
    /// [`LoopClosed`] once the loop is closed (line E13).
    fn call_later_boxed(
        &self,
        delay: Duration,
        callback: Callback,
    ) -> Result<TimerHandle, LoopClosed>;

    /// Runs a callback at `when` by the loop's clock, never earlier; equal
    /// times run in the order of these calls (line E5).
    ///
    /// # Errors
    ///
    /// [`LoopClosed`] once the loop is closed (line E13).
    fn call_at_boxed(&self, when: Instant, callback: Callback) -> Result<TimerHandle, LoopClosed>;

    /// The loop's door for other threads: `call_soon_threadsafe` and `stop`.
    fn remote(&self) -> Remote;

    /// Runs a future on the loop. On a closed loop the future is dropped and
    /// the task counts as cancelled.
    fn spawn_boxed(&self, future: Pin<Box<dyn Future<Output = ()>>>) -> TaskHandle;

    /// Lets the running turn end and then returns from `run_forever`. Before a
    /// run it makes that run last one turn, which does not wait (line E9).
    fn stop(&self);

    /// Whether the loop is inside `run_forever` or `run_until_complete`.
    fn is_running(&self) -> bool;

    /// Whether the loop was closed.
    fn is_closed(&self) -> bool;

    /// Aborts every connection, closes every server, and waits until each
    /// `connection_lost` has been called (line E40).
    async fn shutdown(&self);

    /// Calls `callback` in every turn in which `source` can be read, which
    /// includes the end of its stream and errors (lines C1, C12, C13). A
    /// callback that was set before is replaced, even if it was due (line C4).
    ///
    /// The kernel is always told, so that a descriptor number that was closed
    /// without [`remove_reader`](Self::remove_reader) and is in use again gets
    /// its own calls (line C27). But remove it before it is closed: while a
    /// duplicate of it is open, epoll(7) goes on reporting it, which wakes the
    /// loop in every turn; the loop drops such events and warns once
    /// (line C31).
    ///
    /// # Errors
    ///
    /// [`WatchError`]; nothing has changed then.
    fn add_reader_boxed(
        &self,
        source: Source<'_>,
        callback: WatchCallback,
    ) -> Result<(), WatchError>;

    /// Ends what `add_reader` began, at once: a call that was due does not
    /// come (line C7). Answers whether there was anything to end (line C6).
    ///
    /// # Errors
    ///
    /// [`WatchError::Owned`] for a descriptor that the loop uses itself.
    fn remove_reader(&self, source: &dyn AsSource) -> Result<bool, WatchError>;

    /// Calls `callback` in every turn in which `source` can be written
    /// (line C2); otherwise as [`add_reader_boxed`](Self::add_reader_boxed),
    /// of which it is independent (line C5).
    ///
    /// # Errors
    ///
    /// [`WatchError`]; nothing has changed then.
    fn add_writer_boxed(
        &self,
        source: Source<'_>,
        callback: WatchCallback,
    ) -> Result<(), WatchError>;

    /// Ends what `add_writer` began, as [`remove_reader`](Self::remove_reader)
    /// does for readers.
    ///
    /// # Errors
    ///
    /// [`WatchError::Owned`] for a descriptor that the loop uses itself.
    fn remove_writer(&self, source: &dyn AsSource) -> Result<bool, WatchError>;

    /// Connects a stream, over TCP or a Unix socket, or takes a connected
    /// socket over. `connection_made` has been called when this returns
    /// (line D2); with [`ssl`](ConnectOptions::ssl) the handshake is done by then
    /// (line B38).
    ///
    /// Dropping the future closes the socket (line E25).
    ///
    /// # Errors
    ///
    /// [`ConnectError`], which tells what each address answered (line E21), or
    /// why there is no TLS. A protocol that got no `connection_made` gets no
    /// `connection_lost` (line B39).
    async fn create_connection_boxed(
        &self,
        factory: ProtocolFactory,
        target: ConnectTarget,
        options: ConnectOptions,
    ) -> Result<Connection, ConnectError>;

    /// Makes a transport of a socket that was accepted elsewhere (line E33).
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if it is not a connected stream socket, or if its TLS
    /// handshake failed.
    async fn connect_accepted_socket_boxed(
        &self,
        factory: ProtocolFactory,
        socket: ConnectedSocket,
        options: AcceptOptions,
    ) -> Result<Connection, ConnectError>;

    /// Listens, over TCP or a Unix socket, or on a ready-made socket, and makes
    /// a protocol for each connection (lines E26 to E29).
    ///
    /// # Errors
    ///
    /// [`ListenError`]; whatever was bound until then is closed.
    async fn create_server_boxed(
        &self,
        factory: ProtocolFactory,
        target: BindTarget,
        options: ServerOptions,
    ) -> Result<Rc<dyn Server>, ListenError>;

    /// Replaces how host names become addresses.
    fn set_resolver(&self, resolver: Rc<dyn Resolver>);

    /// Sends a file over a transport, in order with what was written to it
    /// (lines A1 to A72), and returns how many bytes of the file left.
    ///
    /// The bytes go from the file to the socket inside the kernel where
    /// backend, transport and file allow it; else they are read and written,
    /// unless [`fallback`](SendFileOptions::fallback) is off. Meanwhile the
    /// transport refuses writes and reads nothing.
    ///
    /// The file position is `offset + sent` after success, error and
    /// cancellation, and belongs to nobody before; the loop keeps the file
    /// open through its `Arc` until then.
    ///
    /// # Errors
    ///
    /// [`SendFileError`], which tells how many bytes had left.
    #[inline]
    fn sendfile(
        &self,
        transport: &Rc<dyn Transport>,
        file: FileSource,
        options: SendFileOptions,
    ) -> SendFileFuture {
        FileJob::new(file, options).send(transport)
    }

    /// Sends a file over a socket that no transport owns: non-blocking, and of
    /// type `SOCK_STREAM` (lines A17, A18). Otherwise as
    /// [`sendfile`](Self::sendfile).
    ///
    /// # Errors
    ///
    /// [`SendFileError`], which tells how many bytes had left.
    async fn sock_sendfile(
        &self,
        socket: Source<'_>,
        file: FileSource,
        options: SendFileOptions,
    ) -> Result<u64, SendFileError>;

    /// Upgrades a live connection to TLS: puts a coder between the transport and
    /// its protocol (lines B1 to B50).
    ///
    /// Returns the transport that the protocol has to use from now on; the old
    /// one refuses to write. `connection_made` is not called again (line B13),
    /// what was written before leaves before the handshake (line B17), and data
    /// is delivered only after this has returned (line B21). Dropping the
    /// future aborts the connection (line B28).
    ///
    /// # Errors
    ///
    /// [`StartTlsError`]. What is wrong with the arguments is found before
    /// anything is touched; after a failed handshake the peer gets its alert
    /// and the protocol exactly one `connection_lost` (lines B45, B46).
    async fn start_tls(
        &self,
        transport: &Rc<dyn Transport>,
        protocol: SharedProtocol,
        context: &dyn TlsContext,
        options: StartTlsOptions,
    ) -> Result<Rc<dyn Transport>, StartTlsError>;

    /// Takes TLS off a connection, which goes on in plaintext: sends a
    /// close_notify behind what was written, waits for the peer's, and gives
    /// the transport below back (lines B93 to B104). asyncio has no such call;
    /// Python's blocking sockets have `SSLSocket.unwrap`.
    ///
    /// What the peer has sent before its close_notify is delivered to the
    /// protocol that the connection has in TLS, as ever; `protocol` gets what
    /// comes behind it, but only after this has returned. Neither is told of
    /// the change: `connection_made` and `connection_lost` are calls of the
    /// connection, which goes on, and so is `eof_received`.
    ///
    /// Returns the transport that the protocol has to use from now on; the old
    /// one refuses to write. What is paused stays paused. Dropping the future
    /// closes the connection.
    ///
    /// What came behind the close_notify is delivered in the next turn. Who
    /// wants it to go elsewhere, to [`start_tls`](Self::start_tls) say, asks for
    /// that before he waits for anything else, or
    /// [pauses reading](Transport::pause_reading) before.
    ///
    /// From here on anyone on the way can read and write: whether what `protocol`
    /// gets is to be trusted is for the application's protocol to say.
    ///
    /// # A peer that begins
    ///
    /// A peer that has sent its close_notify first is answered at once. But by
    /// default the connection ends then; so either
    /// [`allow_half_close`](StartTlsOptions::allow_half_close) is on and
    /// `eof_received` answers true, or reading was paused before, when the
    /// application's protocol has said that an end of TLS is to come.
    ///
    /// ```
    /// use std::rc::Rc;
    /// use loopline_core::tls::{StopTlsError, StopTlsOptions};
    /// use loopline_core::{EventLoop, SharedProtocol, Transport};
    ///
    /// /// Goes on in plaintext after FTP's command CCC (RFC 4217, section 12.3).
    /// async fn clear_command_channel(
    ///     event_loop: &dyn EventLoop,
    ///     secure: &Rc<dyn Transport>,
    ///     session: SharedProtocol,
    /// ) -> Result<Rc<dyn Transport>, StopTlsError> {
    ///     let _ = secure.write(b"200 the command channel is clear now\r\n");
    ///     let options = StopTlsOptions::default();
    ///     event_loop.stop_tls(secure, session, options).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StopTlsError`]. What is wrong with the arguments is found before
    /// anything is touched; after other errors the connection is ended, and the
    /// protocol that it had in TLS gets exactly one `connection_lost`.
    async fn stop_tls(
        &self,
        transport: &Rc<dyn Transport>,
        protocol: SharedProtocol,
        options: StopTlsOptions,
    ) -> Result<Rc<dyn Transport>, StopTlsError>;

    /// Sets what is told of errors that no caller gets; `None` is the default
    /// handler again (line E14).
    fn set_exception_handler(&self, handler: Option<ExceptionHandler>);

    /// Reports to the exception handler.
    fn call_exception_handler(&self, context: &ExceptionContext<'_>);

    /// In debug mode callbacks that take longer than
    /// [`slow_callback_duration`](Self::slow_callback_duration) are reported
    /// (line E16): to the exception handler, or where there is none, to `tracing`
    /// or standard error.
    ///
    /// With the feature `debug` such a report says where the callback was
    /// registered, if that was by [`EventLoopExt`], [`SignalExt`] or [`Remote`] and
    /// in debug mode, or which connection's it is; and each connection and server that is open when the loop is
    /// closed is reported (line D60).
    ///
    /// asyncio's debug mode also finds calls from a wrong thread. Here they do not
    /// compile: of a loop only [`Remote`] can be sent to another thread.
    ///
    /// ```compile_fail
    /// fn elsewhere(event_loop: loopline_core::LoopHandle) {
    ///     std::thread::spawn(move || event_loop.call_soon_boxed(loopline_core::Callback::new(|| {})));
    /// }
    /// ```
    fn set_debug(&self, enabled: bool);

    /// Whether debug mode is on.
    fn debug(&self) -> bool;

    /// Sets from which duration on a callback counts as slow; 100 ms by
    /// default.
    fn set_slow_callback_duration(&self, duration: Duration);

    /// From which duration on a callback counts as slow.
    fn slow_callback_duration(&self) -> Duration;

    /// The name of the backend, such as `"epoll"`.
    fn backend_name(&self) -> &'static str;

    /// What the backend can do.
    fn capabilities(&self) -> Capabilities;

    /// What the loop holds just now, for tests and diagnostics (lines C50,
    /// E41).
    fn snapshot(&self) -> Snapshot;

    /// What the loop has done since it was made, and what it has now: for graphs.
    fn metrics(&self) -> Metrics;

    /// Whether [`metrics`](Self::metrics) measures for how long the loop waits and
    /// works, from now on: two looks at the clock for each turn. Off by default.
    fn set_time_measured(&self, measured: bool);
}
