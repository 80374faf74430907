//! The server over listening sockets.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::Poll;

use async_trait::async_trait;

use super::Clients;
use super::listener::Listener;
use super::server::Server;
use crate::BoxError;
use crate::engine::Engine;
use crate::event_loop::ProtocolFactory;
use crate::protocol::SharedProtocol;
use crate::tls::Acceptor;
use crate::transport::Address;

/// A server over listening sockets.
pub(super) struct Serving {
    engine: Rc<Engine>,
    factory: RefCell<ProtocolFactory>,
    /// None without TLS.
    acceptor: Option<Acceptor>,
    listeners: RefCell<Vec<Rc<Listener>>>,
    clients: Rc<Clients>,
    serving: Cell<bool>,
    /// Whether a future of `serve_forever` is alive.
    forever: Cell<bool>,
}

impl Serving {
    pub(super) fn new(
        engine: &Rc<Engine>,
        factory: ProtocolFactory,
        acceptor: Option<Acceptor>,
    ) -> Rc<Self> {
        Rc::new(Self {
            engine: Rc::clone(engine),
            factory: RefCell::new(factory),
            acceptor,
            listeners: RefCell::default(),
            clients: Rc::default(),
            serving: Cell::new(false),
            forever: Cell::new(false),
        })
    }

    pub(super) fn add(&self, listener: Rc<Listener>) {
        self.listeners.borrow_mut().push(listener);
    }

    pub(super) fn clients(&self) -> &Rc<Clients> {
        &self.clients
    }

    pub(super) fn acceptor(&self) -> Option<&Acceptor> {
        self.acceptor.as_ref()
    }

    pub(super) fn make_protocol(&self) -> Result<SharedProtocol, BoxError> {
        // Accepting is never nested, so the factory is free.
        (self.factory.borrow_mut())()
    }

    pub(super) fn close_listeners(&self) {
        self.serving.set(false);
        let listeners = self.listeners.take();
        for listener in &listeners {
            listener.close();
        }
        self.clients.set_closed();
    }
}

/// A future of `serve_forever`: dropping it closes the server (line E28).
struct Forever<'a>(&'a Serving);

impl Drop for Forever<'_> {
    fn drop(&mut self) {
        self.0.forever.set(false);
        self.0.close_listeners();
    }
}

#[async_trait(?Send)]
impl Server for Serving {
    fn sockets(&self) -> Vec<Address> {
        self.listeners
            .borrow()
            .iter()
            .map(|listener| listener.address().clone())
            .collect()
    }

    fn is_serving(&self) -> bool {
        self.serving.get()
    }

    fn start_serving(&self) -> io::Result<()> {
        if self.clients.is_closed() {
            return Err(io::ErrorKind::NotConnected.into());
        }
        if self.serving.replace(true) {
            return Ok(());
        }
        let listeners = self.listeners.borrow().clone();
        for listener in &listeners {
            if let Err(error) = listener.start() {
                self.serving.set(false);
                for listener in &listeners {
                    listener.pause();
                }
                return Err(error);
            }
        }
        Ok(())
    }

    async fn serve_forever(&self) -> io::Result<()> {
        if self.forever.get() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.start_serving()?;
        self.forever.set(true);
        let _forever = Forever(self);
        poll_fn(|cx| {
            if self.clients.is_closed() {
                return Poll::Ready(());
            }
            self.clients.wait(cx.waker());
            Poll::Pending
        })
        .await;
        Ok(())
    }

    fn close(&self) {
        self.close_listeners();
    }

    async fn wait_closed(&self) {
        poll_fn(|cx| {
            if self.clients.is_over() {
                return Poll::Ready(());
            }
            self.clients.wait(cx.waker());
            Poll::Pending
        })
        .await;
    }

    fn close_clients(&self) {
        for client in self.engine.clients_of(&self.clients) {
            client.close();
        }
    }

    fn abort_clients(&self) {
        for client in self.engine.clients_of(&self.clients) {
            client.abort();
        }
    }
}
