//! A connection before TLS.

use std::cell::RefCell;
use std::rc::Rc;

use loopline::tls::StartTlsOptions;
use loopline::{EventLoop, EventLoopExt, Outcome, Protocol, Transport};

use crate::echo::Echo;
use crate::report;
use crate::server::Shared;
use crate::upgrade::{Step, Upgrade};

/// The protocol that a connection has until TLS is put onto it.
pub(crate) struct Peer {
    shared: Rc<Shared>,
    transport: Option<Rc<dyn Transport>>,
    /// The conversation that leads to TLS, while there is one.
    upgrade: Option<Upgrade>,
}

impl Peer {
    pub(crate) fn new(shared: Rc<Shared>) -> Self {
        Self {
            shared,
            transport: None,
            upgrade: None,
        }
    }

    /// Puts TLS onto the connection. `behind` is what the client has said after
    /// its request: a ClientHello in a hurry, or what somebody in between has put
    /// there.
    fn begin(&mut self, behind: Vec<u8>) {
        if let Some(transport) = self.transport.take() {
            // Until the task has begun nothing else may come here.
            transport.pause_reading();
            let secured = secure(Rc::clone(&self.shared), transport, behind);
            drop(self.shared.event_loop.spawn(secured));
        }
    }
}

impl Protocol for Peer {
    fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
        self.transport = Some(Rc::clone(transport));
        match self.shared.upgrade {
            Some(speaks) => {
                self.upgrade = Some(Upgrade::new(speaks));
                transport.write(speaks.greeting())?;
            }
            None => self.begin(Vec::new()),
        }
        Ok(())
    }

    fn data_received(&mut self, data: &[u8]) -> Outcome {
        let (Some(transport), Some(upgrade)) = (&self.transport, &mut self.upgrade) else {
            return Ok(());
        };
        upgrade.receive(data);
        loop {
            match upgrade.step() {
                Step::Wait => return Ok(()),
                Step::Say(answer) => {
                    transport.write(&answer)?;
                }
                Step::Begin(answer) => {
                    transport.write(&answer)?;
                    break;
                }
                Step::End(answer) => {
                    transport.write(&answer)?;
                    transport.close();
                    return Ok(());
                }
            }
        }
        let behind = self.upgrade.take().map(Upgrade::behind);
        self.begin(behind.unwrap_or_default());
        Ok(())
    }
}

async fn secure(shared: Rc<Shared>, transport: Rc<dyn Transport>, behind: Vec<u8>) {
    let peer = report::name(&*transport);
    let echo = Rc::new(RefCell::new(Echo::new(peer.clone())));
    let options = StartTlsOptions::default()
        .server_side(true)
        .handshake_timeout(shared.handshake_timeout)
        .received(behind);
    let upgrade =
        shared
            .event_loop
            .start_tls(&transport, Rc::clone(&echo) as _, &*shared.context, options);
    match upgrade.await {
        Ok(secured) => {
            report::open(&peer, secured.session());
            // It was paused before TLS, and is so over TLS.
            secured.resume_reading();
            echo.borrow_mut().begin(secured);
        }
        Err(error) => report::refused(&peer, &error),
    }
}
