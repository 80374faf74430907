//! The connection of this process with itself.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::task::{Poll, Waker};

use loopline::tls::{Identities, Pem, Provider, StartTlsOptions, TlsConfig};
use loopline::{
    Address, ConnectOptions, EventLoop, EventLoopExt, LoopHandle, Outcome, Protocol, Server,
    ServerOptions, SharedProtocol, Transport,
};

use crate::exit::Failure;
use crate::receiver::Receiver;
use crate::self_signed::SelfSigned;

/// Both ends of one connection. The accepted end sends.
pub(crate) struct Link {
    pub(crate) sender: Rc<dyn Transport>,
    pub(crate) receiver: Rc<RefCell<Receiver>>,
    /// The receiving end's transport.
    near: Rc<dyn Transport>,
    server: Rc<dyn Server>,
}

impl Link {
    /// Listens, tells where, and connects.
    ///
    /// # Errors
    ///
    /// Why there is no connection.
    pub(crate) async fn make(
        event_loop: &LoopHandle,
        port: u16,
        announce: impl FnOnce(&Address) -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        let arrivals = Rc::new(Arrivals::default());
        let noted = Rc::clone(&arrivals);
        let server = event_loop
            .create_server(
                move || Accepted(Rc::clone(&noted)),
                SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
                ServerOptions::default(),
            )
            .await
            .map_err(Failure::usage)?;
        let addresses = server.sockets();
        let address = addresses
            .first()
            .ok_or_else(|| Failure::job("the server has no address"))?;
        announce(address)?;
        let target = address
            .as_inet()
            .ok_or_else(|| Failure::job("the server has no IP address"))?;
        let (near, receiver) = event_loop
            .create_connection(Receiver::new, target, ConnectOptions::default())
            .await
            .map_err(Failure::job)?;
        let sender = arrivals.take(near.sockname()).await;
        server.close();
        Ok(Self {
            sender,
            receiver,
            near,
            server,
        })
    }

    /// Upgrades both ends of the connection to TLS. The receiving end is the
    /// client, and verifies a certificate that was made for this.
    ///
    /// # Errors
    ///
    /// Why there is no TLS.
    pub(crate) async fn start_tls(
        &mut self,
        event_loop: &LoopHandle,
        provider: Provider,
    ) -> Result<(), Failure> {
        let made = SelfSigned::make(std::iter::empty())?;
        let mut config = TlsConfig::default();
        config.identities = Identities::new().any(made.identity());
        let context = provider.server(config).map_err(Failure::job)?;
        let (handle, far) = (event_loop.clone(), Rc::clone(&self.sender));
        let accepting = event_loop.spawn(async move {
            let protocol = far
                .protocol()
                .ok_or_else(|| Failure::job("the sender is lost"))?;
            let options = StartTlsOptions::default().server_side(true);
            let upgrade = handle.start_tls(&far, protocol, &*context, options);
            upgrade.await.map_err(Failure::job)
        });
        let mut config = TlsConfig::default();
        config.roots = vec![Pem::bytes(made.certificate)];
        let context = provider.client(config).map_err(Failure::job)?;
        let protocol = Rc::clone(&self.receiver) as SharedProtocol;
        let options = StartTlsOptions::default().server_hostname("localhost");
        let upgrade = event_loop.start_tls(&self.near, protocol, &*context, options);
        self.near = upgrade.await.map_err(Failure::job)?;
        self.receiver.borrow_mut().go_on_over(&self.near);
        self.sender = accepting.await.map_err(Failure::job)??;
        Ok(())
    }

    /// Closes both ends, and waits until the sending one is gone.
    pub(crate) async fn close(self) {
        self.sender.close();
        self.server.wait_closed().await;
    }
}

/// Connections that were accepted. Not every one needs to be this process's
/// own: the port is open to the whole machine.
#[derive(Default)]
struct Arrivals {
    transports: RefCell<Vec<Rc<dyn Transport>>>,
    waiting: RefCell<Option<Waker>>,
    /// The one that was waited for has come.
    complete: Cell<bool>,
}

impl Arrivals {
    fn add(&self, transport: &Rc<dyn Transport>) {
        if self.complete.get() {
            transport.abort();
            return;
        }
        self.transports.borrow_mut().push(Rc::clone(transport));
        let waiting = self.waiting.take();
        if let Some(waker) = waiting {
            waker.wake();
        }
    }

    /// The one that comes from an address. All others are aborted.
    async fn take(&self, from: Option<Address>) -> Rc<dyn Transport> {
        poll_fn(|cx| {
            let (own, strangers): (Vec<_>, Vec<_>) = self
                .transports
                .take()
                .into_iter()
                .partition(|transport| transport.peername() == from);
            for stranger in strangers {
                stranger.abort();
            }
            if let Some(own) = own.into_iter().next() {
                self.complete.set(true);
                return Poll::Ready(own);
            }
            let before = self.waiting.replace(Some(cx.waker().clone()));
            drop(before);
            Poll::Pending
        })
        .await
    }
}

/// The protocol of the sending end: nothing is said to it.
struct Accepted(Rc<Arrivals>);

impl Protocol for Accepted {
    fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
        self.0.add(transport);
        Ok(())
    }
}
