//! The callbacks of a connection.

use std::io;
use std::rc::Rc;

use loopline::{BoxError, EventLoopExt, Outcome, Protocol, Transport};

use crate::connection::Connection;
use crate::server::Shared;
use crate::session;

/// The protocol of one connection. All it does is to keep the connection's
/// state; the session, a task, does the rest.
pub(crate) struct Peer {
    shared: Rc<Shared>,
    /// The connection and its number, from `connection_made` on.
    connection: Option<(Rc<Connection>, usize)>,
}

impl Peer {
    pub(crate) fn new(shared: Rc<Shared>) -> Self {
        Self {
            shared,
            connection: None,
        }
    }

    fn with(&self, act: impl FnOnce(&Connection)) -> Outcome {
        if let Some((connection, _)) = &self.connection {
            act(connection);
        }
        Ok(())
    }
}

impl Protocol for Peer {
    fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
        let connection = Connection::begin(&self.shared, transport);
        let number = self.shared.enter(Rc::clone(&connection));
        let session = session::run(Rc::clone(&self.shared), Rc::clone(&connection));
        self.connection = Some((connection, number));
        // The task ends with its connection; nobody waits for it.
        drop(self.shared.event_loop.spawn(session));
        Ok(())
    }

    fn data_received(&mut self, data: &[u8]) -> Outcome {
        self.with(|connection| connection.receive(data))
    }

    fn eof_received(&mut self) -> Result<bool, BoxError> {
        let connection = self.connection.as_ref();
        Ok(connection.is_some_and(|(connection, _)| connection.end_input()))
    }

    fn pause_writing(&mut self) -> Outcome {
        self.with(|connection| connection.set_full(true))
    }

    fn resume_writing(&mut self) -> Outcome {
        self.with(|connection| connection.set_full(false))
    }

    fn connection_lost(&mut self, _: Option<&io::Error>) -> Outcome {
        if let Some((connection, number)) = self.connection.take() {
            self.shared.leave(number);
            connection.lose();
        }
        Ok(())
    }
}
