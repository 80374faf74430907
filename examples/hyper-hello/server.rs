//! The listening socket, and hyper on each connection.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use loopline::hyper::Timer;
use loopline::tls::TlsContext;
use loopline::{BoxError, EventLoopExt, LoopHandle, ServerOptions, Stream};

use crate::exit::{self, Failure};
use crate::{hello, signals};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// For how long a client may take for the head of a request, and be idle before.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// How often a client of HTTP/2 that is idle is asked whether it is there.
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// Tells every connection to end; none once it has.
type Ending = Rc<RefCell<Option<GracefulShutdown>>>;

/// Serves until a signal ends it.
pub(crate) async fn run(
    event_loop: LoopHandle,
    tls: Option<Arc<dyn TlsContext>>,
    listen: SocketAddr,
) -> Result<(), Failure> {
    let ending: Ending = Rc::new(RefCell::new(Some(GracefulShutdown::new())));
    let mut options = ServerOptions::default().backlog(BACKLOG);
    if let Some(context) = tls {
        options = options.ssl(context).ssl_handshake_timeout(HEAD_TIMEOUT);
    }
    let (http, for_clients) = (http(&event_loop), Rc::clone(&ending));
    let serve = move |stream| attend(http.clone(), Rc::clone(&for_clients), stream);
    let server = event_loop
        .start_server(serve, listen, options)
        .await
        // An address that cannot be had is the user's to change.
        .map_err(Failure::usage)?;
    let (stopped, tasks) = (Rc::clone(&server), event_loop.clone());
    signals::on_stop(&event_loop, move || {
        stopped.close();
        match ending.take() {
            Some(graceful) => drop(tasks.spawn(graceful.shutdown())),
            None => stopped.abort_clients(),
        }
    })
    .map_err(|error| Failure::job(format_args!("cannot watch for signals: {error}")))?;
    for address in server.sockets() {
        exit::print(format_args!("listening on {address}\n"))?;
    }
    server.wait_closed().await;
    Ok(())
}

/// Both versions of HTTP; the loop runs what HTTP/2 has to run beside.
fn http(event_loop: &LoopHandle) -> Builder<LoopHandle> {
    let timer = Timer::new(event_loop.clone());
    let mut http = Builder::new(event_loop.clone());
    http.http1()
        .timer(timer.clone())
        .header_read_timeout(HEAD_TIMEOUT);
    http.http2().timer(timer).keep_alive_interval(PING_INTERVAL);
    http
}

/// Serves one client. An error of its connection goes to the loop's exception
/// handler, which writes it to standard error.
async fn attend(http: Builder<LoopHandle>, ending: Ending, stream: Stream) -> Result<(), BoxError> {
    // What was agreed on is spoken; in the clear the first bytes tell.
    let http = match stream.tls_session() {
        Some(session) if session.alpn.as_deref() == Some(b"h2") => http.http2_only(),
        Some(_) => http.http1_only(),
        None => http,
    };
    let connection = http.serve_connection(stream, service_fn(hello::answer));
    let watched = match &*ending.borrow() {
        Some(graceful) => graceful.watch(connection),
        None => return Ok(()),
    };
    watched.await
}
