//! Making streams: as a client, and for each client of a server.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::rc::Rc;

use super::Stream;
use crate::engine::{ExceptionContext, Severity};
use crate::event_loop::{EventLoop, EventLoopExt, IntoOutcome, LoopHandle};
use crate::net::{
    BindTarget, ConnectError, ConnectOptions, ConnectTarget, ListenError, Server, ServerOptions,
};
use crate::protocol::{Outcome, Protocol};
use crate::transport::Transport;

/// A protocol that makes a stream of its connection, and hands it on.
struct Opening<F> {
    event_loop: LoopHandle,
    hand_on: Option<F>,
}

impl<F: FnOnce(Stream) + 'static> Protocol for Opening<F> {
    fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
        if let Some(hand_on) = self.hand_on.take() {
            hand_on(Stream::over(&self.event_loop, transport)?);
        }
        Ok(())
    }
}

pub(crate) async fn open_connection<L: EventLoop + ?Sized>(
    event_loop: &L,
    target: ConnectTarget,
    options: ConnectOptions,
) -> Result<Stream, ConnectError> {
    let place = Rc::new(Cell::new(None));
    let opening = Opening {
        event_loop: event_loop.handle(),
        hand_on: Some({
            let place = Rc::clone(&place);
            move |stream| place.set(Some(stream))
        }),
    };
    event_loop
        .create_connection(move || opening, target, options)
        .await?;
    // It is connected, unless the loop was closed meanwhile.
    let lost = || ConnectError::Socket(io::ErrorKind::NotConnected.into());
    place.take().ok_or_else(lost)
}

pub(crate) async fn start_server<L, F, S>(
    event_loop: &L,
    serve: S,
    target: BindTarget,
    options: ServerOptions,
) -> Result<Rc<dyn Server>, ListenError>
where
    L: EventLoop + ?Sized,
    F: Future<Output: IntoOutcome> + 'static,
    S: FnMut(Stream) -> F + 'static,
{
    let handle = event_loop.handle();
    let serve = Rc::new(RefCell::new(serve));
    let factory = move || {
        let event_loop = handle.clone();
        let serve = Rc::clone(&serve);
        Opening {
            event_loop: event_loop.clone(),
            hand_on: Some(move |stream| attend(&event_loop, serve, stream)),
        }
    };
    event_loop.create_server(factory, target, options).await
}

/// Serves one client in a task of its own. What it answers goes to the exception
/// handler, as asyncio has it.
fn attend<F, S>(event_loop: &LoopHandle, serve: Rc<RefCell<S>>, stream: Stream)
where
    F: Future<Output: IntoOutcome> + 'static,
    S: FnMut(Stream) -> F + 'static,
{
    let handle = event_loop.clone();
    event_loop.spawn(async move {
        // Inside the task, where nothing of the loop is borrowed.
        let serving = (serve.borrow_mut())(stream);
        if let Err(error) = serving.await.into_outcome() {
            let context = ExceptionContext::new(Severity::Error, "serving a client failed");
            handle.call_exception_handler(&context.with_error(&*error));
        }
    });
}
