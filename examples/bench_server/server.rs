//! The listening socket.

use std::fs::File;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use loopline::tls::TlsContext;
use loopline::{EventLoopExt, ListenError, LoopHandle, Server, ServerOptions};

use crate::echo::Echo;
use crate::exit::Failure;
use crate::files::{Files, Shelf};
use crate::serving;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// What is done for a client.
pub(crate) enum Work {
    Echo,
    Files { file: Arc<File>, size: u64 },
}

/// Serves until a signal ends it.
pub(crate) async fn run(
    event_loop: LoopHandle,
    work: Work,
    context: Option<Arc<dyn TlsContext>>,
    listen: SocketAddr,
) -> Result<(), Failure> {
    let mut options = ServerOptions::default().backlog(BACKLOG);
    if let Some(context) = context {
        options = options.ssl(context);
    }
    let server = begin(&event_loop, work, listen, options)
        .await
        // An address that cannot be had is the user's to change.
        .map_err(Failure::usage)?;
    serving::until_stopped(&event_loop, server).await
}

async fn begin(
    event_loop: &LoopHandle,
    work: Work,
    listen: SocketAddr,
    options: ServerOptions,
) -> Result<Rc<dyn Server>, ListenError> {
    match work {
        Work::Echo => {
            event_loop
                .create_server(Echo::default, listen, options)
                .await
        }
        Work::Files { file, size } => {
            let shelf = Rc::new(Shelf {
                event_loop: event_loop.clone(),
                file,
                size,
            });
            let factory = move || Files::new(&shelf);
            event_loop.create_server(factory, listen, options).await
        }
    }
}
