//! A handle on a loop.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::{
    Callback, Connection, EventLoop, ExceptionHandler, LoopClosed, ProtocolFactory, WatchCallback,
    WatchError,
};
use crate::backend::{AsSource, Capabilities, Interest, Source};
use crate::engine::{
    self, Engine, ExceptionContext, Handle, Metrics, Remote, Snapshot, TimerHandle,
};
use crate::net::{
    self, AcceptOptions, BindTarget, ConnectError, ConnectOptions, ConnectTarget, ConnectedSocket,
    ListenError, Resolver, Server, ServerOptions,
};
use crate::protocol::SharedProtocol;
use crate::send_file::{self, FileSource, SendFileError, SendFileOptions};
use crate::task::{self, TaskHandle};
use crate::tls::{self, StartTlsError, StartTlsOptions, StopTlsError, StopTlsOptions, TlsContext};
use crate::transport::Transport;

/// A handle on a [`Loop`](super::Loop), for callbacks, protocols and tasks to
/// keep. It does not keep the loop open: once the loop is closed or dropped,
/// every call says so.
#[derive(Clone)]
pub struct LoopHandle(Rc<Engine>);

/// The loop that runs in this thread: asyncio's `get_running_loop`. None
/// outside of one.
#[must_use]
#[doc(alias = "get_running_loop")]
pub fn running_loop() -> Option<LoopHandle> {
    engine::running().map(LoopHandle)
}

impl LoopHandle {
    pub(crate) fn new(engine: Rc<Engine>) -> Self {
        Self(engine)
    }

    pub(crate) fn engine(&self) -> &Rc<Engine> {
        &self.0
    }
}

#[async_trait(?Send)]
impl EventLoop for LoopHandle {
    fn handle(&self) -> LoopHandle {
        self.clone()
    }

    fn time(&self) -> Instant {
        self.0.now()
    }

    #[inline]
    fn call_soon_boxed(&self, callback: Callback) -> Result<Handle, LoopClosed> {
        self.0.call_soon(callback)
    }

    fn call_later_boxed(
        &self,
        delay: Duration,
        callback: Callback,
    ) -> Result<TimerHandle, LoopClosed> {
        self.0.call_later(delay, callback)
    }

    fn call_at_boxed(&self, when: Instant, callback: Callback) -> Result<TimerHandle, LoopClosed> {
        self.0.call_at(when, callback)
    }

    fn remote(&self) -> Remote {
        Remote::new(Arc::clone(self.0.shared()))
    }

    fn spawn_boxed(&self, future: Pin<Box<dyn Future<Output = ()>>>) -> TaskHandle {
        task::spawn(&self.0, future)
    }

    fn stop(&self) {
        self.0.stop();
    }

    fn is_running(&self) -> bool {
        self.0.is_running()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    async fn shutdown(&self) {
        self.0.shut_down().await;
    }

    fn add_reader_boxed(
        &self,
        source: Source<'_>,
        callback: WatchCallback,
    ) -> Result<(), WatchError> {
        self.0.add_watch(source, Interest::READ, callback)
    }

    fn remove_reader(&self, source: &dyn AsSource) -> Result<bool, WatchError> {
        self.0.remove_watch(source.as_source(), Interest::READ)
    }

    fn add_writer_boxed(
        &self,
        source: Source<'_>,
        callback: WatchCallback,
    ) -> Result<(), WatchError> {
        self.0.add_watch(source, Interest::WRITE, callback)
    }

    fn remove_writer(&self, source: &dyn AsSource) -> Result<bool, WatchError> {
        self.0.remove_watch(source.as_source(), Interest::WRITE)
    }

    async fn create_connection_boxed(
        &self,
        factory: ProtocolFactory,
        target: ConnectTarget,
        options: ConnectOptions,
    ) -> Result<Connection, ConnectError> {
        net::create_connection(&self.0, factory, target, options).await
    }

    async fn connect_accepted_socket_boxed(
        &self,
        factory: ProtocolFactory,
        socket: ConnectedSocket,
        options: AcceptOptions,
    ) -> Result<Connection, ConnectError> {
        net::connect_accepted_socket(&self.0, factory, socket, options).await
    }

    async fn create_server_boxed(
        &self,
        factory: ProtocolFactory,
        target: BindTarget,
        options: ServerOptions,
    ) -> Result<Rc<dyn Server>, ListenError> {
        net::create_server(&self.0, factory, target, options).await
    }

    fn set_resolver(&self, resolver: Rc<dyn Resolver>) {
        let old = self.0.resolver.replace(resolver);
        drop(old);
    }

    async fn sock_sendfile(
        &self,
        socket: Source<'_>,
        file: FileSource,
        options: SendFileOptions,
    ) -> Result<u64, SendFileError> {
        send_file::sock_sendfile(&self.0, socket, file, options).await
    }

    async fn start_tls(
        &self,
        transport: &Rc<dyn Transport>,
        protocol: SharedProtocol,
        context: &dyn TlsContext,
        options: StartTlsOptions,
    ) -> Result<Rc<dyn Transport>, StartTlsError> {
        tls::start_tls(&self.0, transport, protocol, context, options).await
    }

    async fn stop_tls(
        &self,
        transport: &Rc<dyn Transport>,
        protocol: SharedProtocol,
        options: StopTlsOptions,
    ) -> Result<Rc<dyn Transport>, StopTlsError> {
        tls::stop_tls(&self.0, transport, protocol, options).await
    }

    fn set_exception_handler(&self, handler: Option<ExceptionHandler>) {
        self.0.exceptions().set_handler(handler);
    }

    fn call_exception_handler(&self, context: &ExceptionContext<'_>) {
        self.0.report(context);
    }

    fn set_debug(&self, enabled: bool) {
        self.0.exceptions().set_debug(enabled);
    }

    fn debug(&self) -> bool {
        self.0.exceptions().debug()
    }

    fn set_slow_callback_duration(&self, duration: Duration) {
        self.0.exceptions().set_slow_callback_duration(duration);
    }

    fn slow_callback_duration(&self) -> Duration {
        self.0.exceptions().slow_callback_duration()
    }

    fn backend_name(&self) -> &'static str {
        self.0.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn snapshot(&self) -> Snapshot {
        self.0.snapshot()
    }

    fn metrics(&self) -> Metrics {
        self.0.metrics()
    }

    fn set_time_measured(&self, measured: bool) {
        self.0.set_time_measured(measured);
    }
}

impl fmt::Debug for LoopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopHandle")
            .field("backend", &self.0.name())
            .field("closed", &self.0.is_closed())
            .finish_non_exhaustive()
    }
}
