//! The listening socket, and what all connections share.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use loopline::tls::TlsContext;
use loopline::{EventLoopExt, LoopHandle, ServerOptions};

use crate::exit::Failure;
use crate::peer::Peer;
use crate::serving;
use crate::upgrade::Speaks;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) event_loop: LoopHandle,
    pub(crate) context: Arc<dyn TlsContext>,
    /// What is spoken before TLS, if anything is.
    pub(crate) upgrade: Option<Speaks>,
    pub(crate) handshake_timeout: Duration,
}

/// Serves until a signal ends it.
pub(crate) async fn run(shared: Shared, listen: SocketAddr) -> Result<(), Failure> {
    let event_loop = shared.event_loop.clone();
    let shared = Rc::new(shared);
    let server = event_loop
        .create_server(
            move || Peer::new(Rc::clone(&shared)),
            listen,
            ServerOptions::default().backlog(BACKLOG),
        )
        .await
        // An address that cannot be had is the user's to change.
        .map_err(Failure::usage)?;
    serving::until_stopped(&event_loop, server).await
}
