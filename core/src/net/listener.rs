//! One listening socket.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::{Rc, Weak};
use std::time::Duration;

use super::arrivals::Arrivals;
use super::serving::Serving;
use super::socket::{ListeningSocket, StreamSocket};
use crate::backend::{Interest, Key, Readiness};
use crate::engine::{Change, Engine, Role, TimerHandle, Watched};
use crate::event_loop::Callback;
use crate::protocol::SharedProtocol;
use crate::tls;
use crate::transport::{Address, Names};

/// How long a listener pauses when the system has no descriptor or memory
/// left: asyncio's `ACCEPT_RETRY_DELAY` (line D64).
const ACCEPT_RETRY_DELAY: Duration = Duration::from_secs(1);

/// One listening socket of a server.
pub(super) struct Listener {
    this: Weak<Self>,
    engine: Rc<Engine>,
    key: Cell<Key>,
    /// None once it is closed.
    socket: RefCell<Option<ListeningSocket>>,
    address: Address,
    server: Rc<Serving>,
    backlog: u32,
    keep_alive: bool,
    arrivals: Arrivals,
    serving: Cell<bool>,
    /// The last attempt to accept failed, and was reported.
    failing: Cell<bool>,
    /// Ends the pause after that.
    retry: RefCell<Option<TimerHandle>>,
    #[cfg(unix)]
    path: Option<super::unix_path::BoundPath>,
}

/// A socket that is bound and not yet a listener.
pub(super) struct Bound {
    pub(super) socket: ListeningSocket,
    pub(super) address: Address,
    #[cfg(unix)]
    pub(super) path: Option<super::unix_path::BoundPath>,
}

impl Listener {
    pub(super) fn new(
        engine: &Rc<Engine>,
        server: &Rc<Serving>,
        bound: Bound,
        backlog: u32,
        keep_alive: bool,
    ) -> Rc<Self> {
        let listener = Rc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            engine: Rc::clone(engine),
            key: Cell::new(Key::RESERVED),
            socket: RefCell::new(Some(bound.socket)),
            address: bound.address,
            server: Rc::clone(server),
            backlog,
            keep_alive,
            arrivals: Arrivals::default(),
            serving: Cell::new(false),
            failing: Cell::new(false),
            retry: RefCell::new(None),
            #[cfg(unix)]
            path: bound.path,
        });
        listener.with_socket(|socket| {
            let owner = Rc::clone(&listener) as Rc<dyn Watched>;
            listener.key.set(socket.adopt(engine, owner));
        });
        listener
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    fn with_socket<R>(&self, use_socket: impl FnOnce(&ListeningSocket) -> R) -> Option<R> {
        self.socket.borrow().as_ref().map(use_socket)
    }

    /// Begins to accept; again is without effect.
    pub(super) fn start(&self) -> io::Result<()> {
        self.with_socket(|socket| socket.listen(self.backlog))
            .unwrap_or_else(|| Err(io::ErrorKind::NotConnected.into()))?;
        self.serving.set(true);
        self.engine.want(self.key.get(), Interest::READ);
        Ok(())
    }

    /// Ceases to accept, because the server could not be started as a whole.
    pub(super) fn pause(&self) {
        self.serving.set(false);
        self.engine.want(self.key.get(), Interest::empty());
        if let Some(retry) = self.retry.take() {
            retry.cancel();
        }
    }

    /// Closes the socket, and removes its file.
    pub(super) fn close(&self) {
        self.pause();
        let socket = self.socket.take();
        if let Some(socket) = socket {
            socket.disown(&self.engine, self.key.get());
            #[cfg(unix)]
            if let Some(path) = &self.path {
                path.remove();
            }
        }
    }

    /// Accepts what is likely to wait, at most one more than the backlog
    /// (line D62).
    fn accept_ready(&self) {
        let turn = self.engine.turn_number();
        let others = if self.arrivals.expected(turn) {
            self.backlog
        } else {
            0
        };
        let mut count = 0;
        for _ in 0..=others {
            if !self.accept_next() {
                break;
            }
            count += 1;
        }
        self.arrivals.note(turn, count);
    }

    /// Accepts a connection; false if there is none to be had for now.
    fn accept_next(&self) -> bool {
        if !self.serving.get() {
            return false;
        }
        let Some(accepted) = self.with_socket(ListeningSocket::accept) else {
            return false;
        };
        match accepted {
            Ok((socket, peername)) => {
                self.failing.set(false);
                self.accepted(socket, peername);
                true
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => false,
                // The peer has gone again (line D63).
                io::ErrorKind::ConnectionAborted => true,
                _ => {
                    self.back_off(&error);
                    false
                }
            },
        }
    }

    fn accepted(&self, socket: StreamSocket, peername: Option<Address>) {
        let sockname = self.local_name(&socket);
        let names = Names::new(peername, sockname);
        socket.disable_nagle(&names);
        if self.keep_alive {
            socket.keep_alive();
        }
        match self.server.make_protocol() {
            Ok(protocol) => self.open(socket, protocol, names),
            // The failure is that connection's alone (line D65).
            Err(error) => self
                .engine
                .report_error("the protocol factory failed", &*error),
        }
    }

    fn open(&self, socket: StreamSocket, protocol: SharedProtocol, names: Names) {
        let clients = Some(self.server.clients());
        let Some(acceptor) = self.server.acceptor() else {
            socket.open(&self.engine, protocol, names, clients);
            return;
        };
        match acceptor.terms() {
            Ok(terms) => {
                let placeholder = acceptor.placeholder();
                let below = socket.open(&self.engine, placeholder, names, clients);
                tls::accept(&self.engine, &below, protocol, terms);
            }
            Err(error) => self
                .engine
                .report_error("an accepted connection got no TLS", &error),
        }
    }

    /// The local address of an accepted socket is the listener's, unless that
    /// stands for every interface.
    fn local_name(&self, socket: &StreamSocket) -> Option<Address> {
        match &self.address {
            Address::Inet(address) if address.ip().is_unspecified() => socket.sockname(),
            address => Some(address.clone()),
        }
    }

    /// Pauses accepting, because it would fail again at once (line D64).
    fn back_off(&self, error: &io::Error) {
        if !self.failing.replace(true) {
            self.engine
                .report_error("accepting connections is paused for a second", error);
        }
        if !self.serving.get() {
            // Whoever was told has closed the server.
            return;
        }
        self.engine.want(self.key.get(), Interest::empty());
        let this = Weak::clone(&self.this);
        let retry = Callback::new(move || {
            if let Some(listener) = this.upgrade().filter(|listener| listener.serving.get()) {
                listener.engine.want(listener.key.get(), Interest::READ);
            }
        });
        // On a loop that is being closed nothing has to be retried.
        let timer = self.engine.call_later(ACCEPT_RETRY_DELAY, retry).ok();
        let old = self.retry.replace(timer);
        drop(old);
    }
}

impl Watched for Listener {
    fn role(&self) -> Role {
        Role::Listener
    }

    fn arm(&self, change: Change) -> io::Result<()> {
        self.with_socket(|socket| socket.arm(&self.engine, change))
            .unwrap_or(Ok(()))
    }

    fn ready(&self, _: &Engine, _: Readiness) {
        self.accept_ready();
    }

    fn refused(&self, error: io::Error) {
        self.engine
            .report_error("a listening socket cannot be watched", &error);
    }

    fn shut_down(&self) {
        self.server.close_listeners();
    }

    #[cfg(feature = "debug")]
    fn name(&self) -> Option<String> {
        Some(format!("the server on {}", self.address))
    }

    #[cfg(feature = "debug")]
    fn is_open(&self) -> bool {
        self.socket.borrow().is_some()
    }

    fn abandon(&self) {
        self.server.close_listeners();
        // One that its server has not taken over yet.
        self.close();
    }
}
