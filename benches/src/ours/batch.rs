//! What every protocol here shares: the loop, and what is left to be done.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use loopline::rustls::RustlsContext;
use loopline::{EventLoop, EventLoopExt, Loop, LoopHandle, Protocol, ServerOptions};

use crate::stage::listen;
use crate::{Fallible, tls};

/// How much is to be done before the loop returns to whoever counts.
pub(crate) struct Batch {
    event_loop: LoopHandle,
    missing: Cell<u64>,
    client_gone: Cell<bool>,
}

impl Batch {
    pub(crate) fn new(event_loop: &LoopHandle) -> Rc<Self> {
        Rc::new(Self {
            event_loop: event_loop.clone(),
            missing: Cell::new(0),
            client_gone: Cell::new(false),
        })
    }

    /// Runs its loop until so much is done.
    pub(crate) fn until(&self, event_loop: &Loop, done: u64) -> Fallible<()> {
        self.missing.set(done);
        event_loop.run_forever()?;
        if self.client_gone.get() {
            return Err("a client has gone".into());
        }
        Ok(())
    }

    /// So much is done.
    pub(crate) fn count(&self, done: u64) {
        let missing = self.missing.get().saturating_sub(done);
        self.missing.set(missing);
        if missing == 0 {
            self.event_loop.stop();
        }
    }

    /// A connection has ended, and with it the run.
    pub(crate) fn client_gone(&self) {
        self.client_gone.set(true);
        self.event_loop.stop();
    }

    pub(crate) fn event_loop(&self) -> &LoopHandle {
        &self.event_loop
    }
}

/// A loop with one server.
pub(crate) struct Serving {
    event_loop: Loop,
    batch: Rc<Batch>,
    address: SocketAddr,
}

impl Serving {
    /// Serves with a protocol for each connection; each counts itself once as
    /// it is made.
    pub(crate) fn new<P: Protocol>(protocol: impl Fn(&Rc<Batch>) -> P + 'static) -> Fallible<Self> {
        Self::on(Loop::new()?, protocol)
    }

    /// The same on a loop over some other backend.
    pub(crate) fn on<P: Protocol>(
        event_loop: Loop,
        protocol: impl Fn(&Rc<Batch>) -> P + 'static,
    ) -> Fallible<Self> {
        Self::with_options(event_loop, protocol, ServerOptions::default())
    }

    /// The same over TLS.
    pub(crate) fn over_tls<P: Protocol>(
        protocol: impl Fn(&Rc<Batch>) -> P + 'static,
    ) -> Fallible<Self> {
        let context = RustlsContext::from_server_config(tls::server_config()?);
        let options = ServerOptions::default().ssl(Arc::new(context));
        Self::with_options(Loop::new()?, protocol, options)
    }

    fn with_options<P: Protocol>(
        event_loop: Loop,
        protocol: impl Fn(&Rc<Batch>) -> P + 'static,
        options: ServerOptions,
    ) -> Fallible<Self> {
        let batch = Batch::new(&event_loop);
        let shared = Rc::clone(&batch);
        let listener = listen()?;
        let address = listener.local_addr()?;
        event_loop.run_until_complete(event_loop.create_server(
            move || protocol(&shared),
            listener,
            options,
        ))??;
        Ok(Self {
            event_loop,
            batch,
            address,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs until so much is done.
    pub(crate) fn until(&self, done: u64) -> Fallible<()> {
        self.batch.until(&self.event_loop, done)
    }
}
