//! Connections that a file goes over.

use std::io::{self, Read, Write};
use std::rc::Rc;

use loopline_core::Transport;
use socket2::Socket;

use crate::harness::elsewhere::elsewhere;
use crate::harness::recorder::Log;
use crate::harness::sockets;
use crate::verdict::{Outcome, Stop};

/// Our end of a connection.
pub(crate) enum End {
    Transport(Rc<dyn Transport>),
    Socket(Socket),
}

/// A connection from the loop to a peer that blocks.
pub(crate) struct Link {
    pub(crate) end: End,
    pub(crate) log: Log,
    pub(crate) peer: Socket,
}

impl Link {
    /// The transport.
    ///
    /// # Errors
    ///
    /// That the setting has none.
    pub(crate) fn transport(&self) -> Result<&Rc<dyn Transport>, Stop> {
        match &self.end {
            End::Transport(transport) => Ok(transport),
            End::Socket(_) => Err(Stop::failed("there is no transport")),
        }
    }

    /// Writes a little.
    pub(crate) fn write(&self, data: &[u8]) -> Outcome {
        match &self.end {
            End::Transport(transport) => transport.write(data).map(drop)?,
            End::Socket(socket) => {
                let mut rest = data;
                while !rest.is_empty() {
                    match (&*socket).write(rest) {
                        Ok(count) => rest = &rest[count..],
                        // The peer reads on a thread.
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                            std::thread::yield_now();
                        }
                        Err(error) => return Err(error.into()),
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads exactly so many bytes at the peer's end, while the loop goes on.
    pub(crate) async fn arrival(&self, count: usize) -> Result<Vec<u8>, Stop> {
        let mut peer = self.peer.try_clone()?;
        let read = elsewhere(move || {
            let mut bytes = vec![0; count];
            peer.read_exact(&mut bytes).map(|()| bytes)
        });
        Ok(read.await?)
    }

    /// A peer that reads everything, on a thread.
    pub(crate) fn reader(&self) -> io::Result<sockets::Reader> {
        Ok(sockets::Reader::of(self.peer.try_clone()?))
    }

    /// Closes our end, and waits for `connection_lost`.
    pub(crate) async fn close(self) -> Option<io::ErrorKind> {
        match self.end {
            End::Transport(transport) => {
                transport.close();
                self.log.until_lost().await
            }
            End::Socket(_) => None,
        }
    }
}
