//! The callbacks of a connection.

use std::io;
use std::rc::Rc;

use loopline::{BoxError, EventLoopExt, Outcome, Protocol, Transport};

use crate::connection::Connection;
use crate::server::Shared;
use crate::session;

/// The protocol of one connection, before TLS and over it. All it does is to
/// keep the connection's state; the session, a task, does the rest.
pub(crate) struct Peer {
    shared: Rc<Shared>,
    /// From `connection_made` on.
    connection: Option<Rc<Connection>>,
}

impl Peer {
    pub(crate) fn new(shared: Rc<Shared>) -> Self {
        Self {
            shared,
            connection: None,
        }
    }

    fn with(&self, act: impl FnOnce(&Connection)) -> Outcome {
        if let Some(connection) = &self.connection {
            act(connection);
        }
        Ok(())
    }
}

impl Protocol for Peer {
    fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
        let connection = Connection::new(transport);
        self.connection = Some(Rc::clone(&connection));
        // The task ends with its connection, or with the mail that it is putting
        // onto the disk then; the server waits for it.
        let session = session::run(Rc::clone(&self.shared), connection);
        drop(self.shared.event_loop.spawn(session));
        Ok(())
    }

    fn data_received(&mut self, data: &[u8]) -> Outcome {
        self.with(|connection| connection.receive(data))
    }

    fn eof_received(&mut self) -> Result<bool, BoxError> {
        let connection = self.connection.as_ref();
        Ok(connection.is_some_and(|connection| connection.end_input()))
    }

    fn pause_writing(&mut self) -> Outcome {
        self.with(|connection| connection.set_full(true))
    }

    fn resume_writing(&mut self) -> Outcome {
        self.with(|connection| connection.set_full(false))
    }

    fn connection_lost(&mut self, _: Option<&io::Error>) -> Outcome {
        if let Some(connection) = self.connection.take() {
            connection.lose();
        }
        Ok(())
    }
}
