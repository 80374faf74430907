//! The listening socket, and what all connections share.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use loopline::tls::TlsContext;
use loopline::{EventLoopExt, ListenError, LoopHandle, Server, ServerOptions};
use slab::Slab;

use crate::connection::Connection;
use crate::exit::{self, Failure};
use crate::peer::Peer;
use crate::signals;
use crate::site::Site;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) event_loop: LoopHandle,
    pub(crate) site: Site,
    pub(crate) idle_timeout: Duration,
    /// Where heads are written before they are sent; lent for that long.
    pub(crate) scratch: Cell<Vec<u8>>,
    connections: RefCell<Slab<Rc<Connection>>>,
    stopping: Cell<bool>,
}

impl Shared {
    /// Whether no further request is to be answered.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    pub(crate) fn enter(&self, connection: Rc<Connection>) -> usize {
        self.connections.borrow_mut().insert(connection)
    }

    pub(crate) fn leave(&self, number: usize) {
        let connection = self.connections.borrow_mut().try_remove(number);
        drop(connection);
    }

    /// Lets every connection end after the response that it is sending.
    fn stop(&self) {
        self.stopping.set(true);
        let connections: Vec<_> = {
            let connections = self.connections.borrow();
            connections
                .iter()
                .map(|(_, each)| Rc::clone(each))
                .collect()
        };
        for connection in connections {
            connection.wake();
        }
    }
}

/// Serves until a signal ends it.
pub(crate) async fn run(
    event_loop: LoopHandle,
    site: Site,
    tls: Option<Arc<dyn TlsContext>>,
    listen: SocketAddr,
    idle_timeout: Duration,
) -> Result<(), Failure> {
    let shared = Rc::new(Shared {
        event_loop: event_loop.clone(),
        site,
        idle_timeout,
        scratch: Cell::default(),
        connections: RefCell::default(),
        stopping: Cell::new(false),
    });
    let mut options = ServerOptions::default().backlog(BACKLOG);
    if let Some(context) = tls {
        options = options.ssl(context).ssl_handshake_timeout(idle_timeout);
    }
    let for_peers = Rc::clone(&shared);
    let server = event_loop
        .create_server(move || Peer::new(Rc::clone(&for_peers)), listen, options)
        .await
        .map_err(|error| refusal(&error))?;
    let aborted = stop_on_signals(&event_loop, &server, &shared)
        .map_err(|error| Failure::job(format_args!("cannot watch for signals: {error}")))?;
    for address in server.sockets() {
        exit::print(format_args!("listening on {address}\n"))?;
    }
    server.wait_closed().await;
    if aborted.get() {
        return Err(Failure::job("responses were aborted by a second signal"));
    }
    Ok(())
}

/// An address that cannot be had is the user's to change.
fn refusal(error: &ListenError) -> Failure {
    Failure::usage(error)
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
