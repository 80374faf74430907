//! The listening socket, and what all connections share.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use loopline::tls::TlsContext;
use loopline::{EventLoopExt, LoopHandle, Server, ServerOptions};
use slab::Slab;

use crate::connection::Connection;
use crate::exit::{self, Failure};
use crate::peer::Peer;
use crate::signals;
use crate::store::Store;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// What a client may ask for.
pub(crate) struct Limits {
    /// For how long it may be silent.
    pub(crate) idle_timeout: Duration,
    /// How large a mail may be, in bytes.
    pub(crate) mail: u64,
    /// How many may be connected.
    pub(crate) connections: usize,
}

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) event_loop: LoopHandle,
    pub(crate) store: Store,
    pub(crate) tls: Option<Arc<dyn TlsContext>>,
    pub(crate) limits: Limits,
    sessions: RefCell<Slab<Rc<Connection>>>,
    stopping: Cell<bool>,
    /// Who waits for the last session to end.
    waiting: Cell<Option<Waker>>,
}

impl Shared {
    /// Whether no further mail is to be taken.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Whether more clients are connected than may be.
    pub(crate) fn is_crowded(&self) -> bool {
        self.sessions.borrow().len() > self.limits.connections
    }

    pub(crate) fn enter(&self, connection: Rc<Connection>) -> usize {
        self.sessions.borrow_mut().insert(connection)
    }

    pub(crate) fn leave(&self, number: usize) {
        let connection = self.sessions.borrow_mut().try_remove(number);
        drop(connection);
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }

    /// Lets every session end after the mail that it is taking.
    fn stop(&self) {
        self.stopping.set(true);
        let connections: Vec<_> = {
            let sessions = self.sessions.borrow();
            sessions.iter().map(|(_, each)| Rc::clone(each)).collect()
        };
        for connection in connections {
            connection.wake();
        }
    }

    /// A session may outlive its connection: while it puts a mail onto the disk.
    async fn wait_for_sessions(&self) {
        poll_fn(|cx| {
            if self.sessions.borrow().is_empty() {
                return Poll::Ready(());
            }
            self.waiting.set(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

/// Serves until a signal ends it.
pub(crate) async fn run(
    event_loop: LoopHandle,
    store: Store,
    tls: Option<Arc<dyn TlsContext>>,
    limits: Limits,
    listen: SocketAddr,
) -> Result<(), Failure> {
    let shared = Rc::new(Shared {
        event_loop: event_loop.clone(),
        store,
        tls,
        limits,
        sessions: RefCell::default(),
        stopping: Cell::new(false),
        waiting: Cell::default(),
    });
    let for_peers = Rc::clone(&shared);
    let server = event_loop
        .create_server(
            move || Peer::new(Rc::clone(&for_peers)),
            listen,
            ServerOptions::default().backlog(BACKLOG),
        )
        .await
        // An address that cannot be had is the user's to change.
        .map_err(Failure::usage)?;
    let aborted = stop_on_signals(&event_loop, &server, &shared)
        .map_err(|error| Failure::job(format_args!("cannot watch for signals: {error}")))?;
    for address in server.sockets() {
        exit::print(format_args!("listening on {address}\n"))?;
    }
    server.wait_closed().await;
    shared.wait_for_sessions().await;
    if aborted.get() {
        return Err(Failure::job("mails were aborted by a second signal"));
    }
    Ok(())
}

/// The first signal stops the server, the second one aborts what is left; the
/// cell then tells so.
fn stop_on_signals(
    event_loop: &LoopHandle,
    server: &Rc<dyn Server>,
    shared: &Rc<Shared>,
) -> std::io::Result<Rc<Cell<bool>>> {
    let aborted = Rc::new(Cell::new(false));
    let (server, shared, told) = (Rc::clone(server), Rc::clone(shared), Rc::clone(&aborted));
    signals::on_stop(event_loop, move || {
        if shared.is_stopping() {
            told.set(true);
            server.abort_clients();
        } else {
            server.close();
            shared.stop();
        }
    })?;
    Ok(aborted)
}
