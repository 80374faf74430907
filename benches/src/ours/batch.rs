//! What every protocol here shares: the loop, and what is left to be done.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use loopline::rustls::RustlsContext;
use loopline::tls::TlsContext;
use loopline::{
    BoxError, EventLoop, EventLoopExt, Loop, LoopHandle, Protocol, ServerOptions, Stream,
};

use crate::subject::{BACKLOG, listen};
use crate::workload::Over;
use crate::{Fallible, tls};

/// How much is to be done before the loop returns to whoever counts.
pub(super) struct Batch {
    event_loop: LoopHandle,
    missing: Cell<u64>,
    client_gone: Cell<bool>,
}

impl Batch {
    pub(super) fn new(event_loop: &LoopHandle) -> Rc<Self> {
        Rc::new(Self {
            event_loop: event_loop.clone(),
            missing: Cell::new(0),
            client_gone: Cell::new(false),
        })
    }

    /// Runs its loop until so much is done.
    pub(super) fn until(&self, event_loop: &Loop, done: u64) -> Fallible<()> {
        self.missing.set(done);
        event_loop.run_forever()?;
        if self.client_gone.get() {
            return Err("a client has gone".into());
        }
        Ok(())
    }

    /// So much is done.
    pub(super) fn count(&self, done: u64) {
        let missing = self.missing.get().saturating_sub(done);
        self.missing.set(missing);
        if missing == 0 {
            self.event_loop.stop();
        }
    }

    /// A connection has ended, and with it the run.
    pub(super) fn client_gone(&self) {
        self.client_gone.set(true);
        self.event_loop.stop();
    }

    pub(super) fn event_loop(&self) -> &LoopHandle {
        &self.event_loop
    }
}

/// A loop with one server.
pub(super) struct Serving {
    event_loop: Loop,
    batch: Rc<Batch>,
    address: SocketAddr,
}

impl Serving {
    /// Serves with a protocol for each connection.
    pub(super) fn new<P: Protocol>(
        event_loop: Loop,
        over: Over,
        protocol: impl Fn(&Rc<Batch>) -> P + 'static,
    ) -> Fallible<Self> {
        let batch = Batch::new(&event_loop);
        let shared = Rc::clone(&batch);
        let listener = listen()?;
        let address = listener.local_addr()?;
        event_loop.run_until_complete(event_loop.create_server(
            move || protocol(&shared),
            listener,
            options(over)?,
        ))??;
        Ok(Self {
            event_loop,
            batch,
            address,
        })
    }

    /// Serves with a task and a stream for each connection, until the client goes.
    pub(super) fn with_streams<E: Into<BoxError> + 'static>(
        event_loop: Loop,
        over: Over,
        attend: impl AsyncFn(&Batch, Stream) -> Result<(), E> + 'static,
    ) -> Fallible<Self> {
        let batch = Batch::new(&event_loop);
        let (shared, attend) = (Rc::clone(&batch), Rc::new(attend));
        let listener = listen()?;
        let address = listener.local_addr()?;
        let serve = move |stream| {
            let (batch, attend) = (Rc::clone(&shared), Rc::clone(&attend));
            batch.count(1);
            async move {
                let ended = attend(&batch, stream).await;
                batch.client_gone();
                ended
            }
        };
        event_loop.run_until_complete(event_loop.start_server(
            serve,
            listener,
            options(over)?,
        ))??;
        Ok(Self {
            event_loop,
            batch,
            address,
        })
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        Some(self.address)
    }

    /// Runs until so much is done.
    pub(super) fn until(&self, done: u64) -> Fallible<()> {
        self.batch.until(&self.event_loop, done)
    }
}

fn options(over: Over) -> Fallible<ServerOptions> {
    let options = ServerOptions::default().backlog(BACKLOG.cast_unsigned());
    let context: Arc<dyn TlsContext> = match over {
        Over::Plain => return Ok(options),
        Over::Rustls => Arc::new(RustlsContext::from_server_config(tls::rustls_config()?)),
        Over::Openssl => Arc::new(tls::openssl_context()?),
    };
    Ok(options.ssl(context))
}
