//! The loop's calls under asyncio's names, for any closure, future and
//! protocol.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::{Callback, EventLoop, IntoOutcome, LoopClosed, ProtocolFactory, WatchError};
use crate::backend::AsSource;
use crate::debug::Site;
use crate::engine::{Handle, TimerHandle};
use crate::net::{
    AcceptOptions, BindTarget, ConnectError, ConnectOptions, ConnectTarget, ConnectedSocket,
    ListenError, Server, ServerOptions,
};
use crate::protocol::{Protocol, SharedProtocol};
use crate::send_file::{FileSource, SendFileError, SendFileOptions};
use crate::stream::{self, Stream};
use crate::task::{Elapsed, Interval, JoinHandle, Sleep, Timeout};
use crate::transport::Transport;

/// [`EventLoop`]'s calls under asyncio's names, for any closure, future and
/// protocol. Implemented for every loop.
///
/// ```
/// use loopline_core::{EventLoop, EventLoopExt};
///
/// fn greet_soon(event_loop: &dyn EventLoop) {
///     let _ = event_loop.call_soon(|| println!("hello"));
/// }
/// ```
#[allow(
    async_fn_in_trait,
    reason = "a loop is used on one thread; nothing asks for Send"
)]
pub trait EventLoopExt: EventLoop {
    /// Runs a callback in the next turn: see
    /// [`call_soon_boxed`](EventLoop::call_soon_boxed).
    ///
    /// # Errors
    ///
    /// [`LoopClosed`] once the loop is closed.
    #[cfg_attr(feature = "debug", track_caller)]
    fn call_soon<R: IntoOutcome>(
        &self,
        callback: impl FnOnce() -> R + 'static,
    ) -> Result<Handle, LoopClosed> {
        let site = Site::here();
        self.call_soon_boxed(Callback::new(move || {
            site.enter();
            callback()
        }))
    }

    /// Runs a callback after a delay: see
    /// [`call_later_boxed`](EventLoop::call_later_boxed).
    ///
    /// # Errors
    ///
    /// [`LoopClosed`] once the loop is closed.
    #[cfg_attr(feature = "debug", track_caller)]
    fn call_later<R: IntoOutcome>(
        &self,
        delay: Duration,
        callback: impl FnOnce() -> R + 'static,
    ) -> Result<TimerHandle, LoopClosed> {
        let site = Site::here();
        let callback = move || {
            site.enter();
            callback()
        };
        self.call_later_boxed(delay, Callback::new(callback))
    }

    /// Runs a callback at a time: see
    /// [`call_at_boxed`](EventLoop::call_at_boxed).
    ///
    /// # Errors
    ///
    /// [`LoopClosed`] once the loop is closed.
    #[cfg_attr(feature = "debug", track_caller)]
    fn call_at<R: IntoOutcome>(
        &self,
        when: Instant,
        callback: impl FnOnce() -> R + 'static,
    ) -> Result<TimerHandle, LoopClosed> {
        let site = Site::here();
        let callback = move || {
            site.enter();
            callback()
        };
        self.call_at_boxed(when, Callback::new(callback))
    }

    /// Runs a future on the loop and hands out what it returns. Dropping the
    /// handle lets the task go on; [`JoinHandle::cancel`] ends it.
    #[cfg_attr(feature = "debug", track_caller)]
    fn spawn<T: 'static>(&self, future: impl Future<Output = T> + 'static) -> JoinHandle<T> {
        let site = Site::here();
        JoinHandle::start(future, |future| self.spawn_boxed(site.around(future)))
    }

    /// Waits for `delay`, by the loop's clock.
    fn sleep(&self, delay: Duration) -> Sleep {
        Sleep::new(self.handle(), delay)
    }

    /// Waits until `when`, by the loop's clock.
    fn sleep_until(&self, when: Instant) -> Sleep {
        Sleep::until(self.handle(), when)
    }

    /// Ticks once in each `period`, the first time at once. A period of zero
    /// ticks in every turn.
    ///
    /// ```
    /// use loopline_core::{EventLoop, EventLoopExt};
    ///
    /// async fn count_down(event_loop: &dyn EventLoop) {
    ///     let mut interval = event_loop.interval(std::time::Duration::from_secs(1));
    ///     for left in (1..=3).rev() {
    ///         interval.tick().await;
    ///         println!("{left}");
    ///     }
    /// }
    /// ```
    fn interval(&self, period: Duration) -> Interval {
        Interval::new(self.handle(), period)
    }

    /// Waits for a future, but no longer than `limit`; the future is dropped
    /// when the time is up. With a limit of zero it is asked once.
    #[doc(alias = "wait_for")]
    fn timeout<F: Future>(&self, limit: Duration, future: F) -> Timeout<F> {
        Timeout::new(self.handle(), limit, future)
    }

    /// Runs a call that blocks on a thread of its own, and hands out what it
    /// returns: asyncio's `run_in_executor` with the default executor (line E18).
    ///
    /// At most `min(32, processors + 4)` calls of a loop run at once, or as many
    /// as [`set_executor_threads`](Self::set_executor_threads) says; the others
    /// wait their turn. Cancelling the task keeps a call from beginning, and
    /// cannot end one that has begun. A panic leaves the loop's `run_*` call, as
    /// that of any task.
    ///
    /// ```
    /// use loopline_core::{EventLoop, EventLoopExt, JoinError};
    ///
    /// async fn hosts(event_loop: &dyn EventLoop) -> Result<String, Box<dyn std::error::Error>> {
    ///     let reading = event_loop.spawn_blocking(|| std::fs::read_to_string("/etc/hosts"));
    ///     Ok(reading.await??)
    /// }
    /// ```
    #[doc(alias = "run_in_executor")]
    #[doc(alias = "to_thread")]
    #[cfg_attr(feature = "debug", track_caller)]
    fn spawn_blocking<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let event_loop = self.handle();
        let workers = Rc::clone(event_loop.engine().workers());
        if workers.is_shut_down() {
            return JoinHandle::refused();
        }
        self.spawn(workers.run(event_loop, call))
    }

    /// How many calls may block at once; 0 counts as 1.
    #[doc(alias = "set_default_executor")]
    fn set_executor_threads(&self, count: usize) {
        self.handle().engine().workers().set_limit(count);
    }

    /// Takes no more calls that block, and waits for those that there are, but no
    /// longer than `limit` if there is one (line E18).
    ///
    /// # Errors
    ///
    /// [`Elapsed`] if some are left; they go on.
    async fn shutdown_default_executor(&self, limit: Option<Duration>) -> Result<(), Elapsed> {
        let workers = Rc::clone(self.handle().engine().workers());
        match limit {
            Some(limit) => self.timeout(limit, workers.shut_down()).await,
            None => {
                workers.shut_down().await;
                Ok(())
            }
        }
    }

    /// Watches a descriptor for reading: see
    /// [`add_reader_boxed`](EventLoop::add_reader_boxed).
    ///
    /// # Errors
    ///
    /// [`WatchError`]; nothing has changed then.
    #[cfg_attr(feature = "debug", track_caller)]
    fn add_reader<R: IntoOutcome>(
        &self,
        source: &(impl AsSource + ?Sized),
        mut callback: impl FnMut() -> R + 'static,
    ) -> Result<(), WatchError> {
        let site = Site::here();
        let callback = move || {
            site.enter();
            callback().into_outcome()
        };
        self.add_reader_boxed(source.as_source(), Box::new(callback))
    }

    /// Watches a descriptor for writing: see
    /// [`add_writer_boxed`](EventLoop::add_writer_boxed).
    ///
    /// # Errors
    ///
    /// [`WatchError`]; nothing has changed then.
    #[cfg_attr(feature = "debug", track_caller)]
    fn add_writer<R: IntoOutcome>(
        &self,
        source: &(impl AsSource + ?Sized),
        mut callback: impl FnMut() -> R + 'static,
    ) -> Result<(), WatchError> {
        let site = Site::here();
        let callback = move || {
            site.enter();
            callback().into_outcome()
        };
        self.add_writer_boxed(source.as_source(), Box::new(callback))
    }

    /// Connects a stream: see
    /// [`create_connection_boxed`](EventLoop::create_connection_boxed).
    ///
    /// # Errors
    ///
    /// [`ConnectError`], which tells what each address answered.
    async fn create_connection<P: Protocol>(
        &self,
        factory: impl FnOnce() -> P + 'static,
        target: impl Into<ConnectTarget>,
        options: ConnectOptions,
    ) -> Result<(Rc<dyn Transport>, Rc<RefCell<P>>), ConnectError> {
        let (factory, made) = once(factory);
        let (transport, _) = self
            .create_connection_boxed(factory, target.into(), options)
            .await?;
        Ok((transport, taken(&made)))
    }

    /// Makes a transport of an accepted socket, without options: see
    /// [`connect_accepted_socket_boxed`](EventLoop::connect_accepted_socket_boxed).
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if it is not a connected stream socket.
    async fn connect_accepted_socket<P: Protocol>(
        &self,
        factory: impl FnOnce() -> P + 'static,
        socket: impl Into<ConnectedSocket>,
    ) -> Result<(Rc<dyn Transport>, Rc<RefCell<P>>), ConnectError> {
        self.connect_accepted_socket_with(factory, socket, AcceptOptions::default())
            .await
    }

    /// Makes a transport of an accepted socket: see
    /// [`connect_accepted_socket_boxed`](EventLoop::connect_accepted_socket_boxed).
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if it is not a connected stream socket, or if its TLS
    /// handshake failed.
    async fn connect_accepted_socket_with<P: Protocol>(
        &self,
        factory: impl FnOnce() -> P + 'static,
        socket: impl Into<ConnectedSocket>,
        options: AcceptOptions,
    ) -> Result<(Rc<dyn Transport>, Rc<RefCell<P>>), ConnectError> {
        let (factory, made) = once(factory);
        let (transport, _) = self
            .connect_accepted_socket_boxed(factory, socket.into(), options)
            .await?;
        Ok((transport, taken(&made)))
    }

    /// Listens: see [`create_server_boxed`](EventLoop::create_server_boxed).
    ///
    /// # Errors
    ///
    /// [`ListenError`]; whatever was bound until then is closed.
    async fn create_server<P: Protocol>(
        &self,
        mut factory: impl FnMut() -> P + 'static,
        target: impl Into<BindTarget>,
        options: ServerOptions,
    ) -> Result<Rc<dyn Server>, ListenError> {
        let boxed: ProtocolFactory =
            Box::new(move || Ok(Rc::new(RefCell::new(factory())) as SharedProtocol));
        self.create_server_boxed(boxed, target.into(), options)
            .await
    }

    /// Connects a [`Stream`]: asyncio's `open_connection`, and its
    /// `open_unix_connection` with [`ConnectTarget::unix`]. With
    /// [`ssl`](ConnectOptions::ssl) it speaks TLS from the start.
    ///
    /// Dropping the future closes the socket.
    ///
    /// # Errors
    ///
    /// [`ConnectError`], which tells what each address answered.
    #[doc(alias = "open_unix_connection")]
    async fn open_connection(
        &self,
        target: impl Into<ConnectTarget>,
        options: ConnectOptions,
    ) -> Result<Stream, ConnectError> {
        stream::open_connection(self, target.into(), options).await
    }

    /// Listens, and serves each client in a task of its own: asyncio's
    /// `start_server`, and its `start_unix_server` with [`BindTarget::unix`].
    ///
    /// A task ends with its stream; closing the server does not end it
    /// ([`close_clients`](Server::close_clients) does). An error that `serve`
    /// answers reaches the exception handler.
    ///
    /// # Errors
    ///
    /// [`ListenError`]; whatever was bound until then is closed.
    ///
    /// ```
    /// use loopline_core::{EventLoop, EventLoopExt, ServerOptions, Stream};
    ///
    /// async fn echo(mut stream: Stream) -> std::io::Result<()> {
    ///     let mut buffer = [0; 4096];
    ///     loop {
    ///         match stream.read(&mut buffer).await? {
    ///             0 => return stream.close().await,
    ///             count => stream.write_all(&buffer[..count]).await?,
    ///         }
    ///     }
    /// }
    ///
    /// async fn serve(event_loop: &dyn EventLoop) -> Result<(), Box<dyn std::error::Error>> {
    ///     let options = ServerOptions::default();
    ///     let server = event_loop.start_server(echo, ("localhost", 7), options).await?;
    ///     Ok(server.serve_forever().await?)
    /// }
    /// ```
    #[doc(alias = "start_unix_server")]
    async fn start_server<F>(
        &self,
        serve: impl FnMut(Stream) -> F + 'static,
        target: impl Into<BindTarget>,
        options: ServerOptions,
    ) -> Result<Rc<dyn Server>, ListenError>
    where
        F: Future<Output: IntoOutcome> + 'static,
    {
        stream::start_server(self, serve, target.into(), options).await
    }

    /// Sends a file over a socket that no transport owns: see
    /// [`sock_sendfile`](EventLoop::sock_sendfile).
    ///
    /// # Errors
    ///
    /// [`SendFileError`], which tells how many bytes had left.
    async fn sock_sendfile_from(
        &self,
        socket: &(impl AsSource + ?Sized),
        file: impl Into<FileSource>,
        options: SendFileOptions,
    ) -> Result<u64, SendFileError> {
        self.sock_sendfile(socket.as_source(), file.into(), options)
            .await
    }
}

impl<L: EventLoop + ?Sized> EventLoopExt for L {}

type Made<P> = Rc<RefCell<Option<Rc<RefCell<P>>>>>;

/// A factory that can be called once, and where it leaves what it made.
fn once<P: Protocol>(factory: impl FnOnce() -> P + 'static) -> (ProtocolFactory, Made<P>) {
    let made: Made<P> = Rc::default();
    let place = Rc::clone(&made);
    let mut factory = Some(factory);
    let boxed: ProtocolFactory = Box::new(move || {
        let factory = factory.take().ok_or("a connection has one protocol")?;
        let protocol = Rc::new(RefCell::new(factory()));
        place.replace(Some(Rc::clone(&protocol)));
        Ok(protocol as SharedProtocol)
    });
    (boxed, made)
}

#[allow(
    clippy::expect_used,
    reason = "a loop that answers a connection has called its factory"
)]
fn taken<P>(made: &Made<P>) -> Rc<RefCell<P>> {
    made.take().expect("the loop called the protocol factory")
}
