//! A server that runs until somebody ends the program.

use std::rc::Rc;

use loopline::{LoopHandle, Server};

use crate::exit::{self, Failure};
use crate::signals;

/// Says where it listens, and serves until a signal ends it, and every connection
/// with it.
pub(crate) async fn until_stopped(
    event_loop: &LoopHandle,
    server: Rc<dyn Server>,
) -> Result<(), Failure> {
    let stopped = Rc::clone(&server);
    signals::on_stop(event_loop, move || {
        stopped.close();
        stopped.abort_clients();
    })
    .map_err(|error| Failure::job(format_args!("cannot watch for signals: {error}")))?;
    for address in server.sockets() {
        exit::print(format_args!("listening on {address}\n"))?;
    }
    server.wait_closed().await;
    Ok(())
}
