//! A connection that a stream, or its two halves, share.

use std::cell::{RefCell, RefMut};
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::protocol::StreamProtocol;
use crate::event_loop::LoopHandle;
use crate::protocol::SharedProtocol;
use crate::transport::Transport;

/// A connection, by its protocol. The protocol is never borrowed while something
/// else runs: a transport may call it back.
#[derive(Clone)]
pub(super) struct Connection(Rc<RefCell<StreamProtocol>>);

impl Connection {
    /// Takes a transport over from its protocol.
    ///
    /// # Errors
    ///
    /// That it has none, because it is lost or was handed over.
    pub(super) fn over(event_loop: &LoopHandle, transport: &Rc<dyn Transport>) -> io::Result<Self> {
        let protocol = StreamProtocol::new(event_loop.clone(), Rc::clone(transport));
        let connection = Self(Rc::new(RefCell::new(protocol)));
        let replaced = transport.set_protocol(connection.protocol());
        if replaced.is_none() {
            return Err(io::ErrorKind::NotConnected.into());
        }
        connection.apply_limit();
        Ok(connection)
    }

    pub(super) fn borrow(&self) -> RefMut<'_, StreamProtocol> {
        self.0.borrow_mut()
    }

    pub(super) fn protocol(&self) -> SharedProtocol {
        Rc::clone(&self.0) as SharedProtocol
    }

    pub(super) fn transport(&self) -> Rc<dyn Transport> {
        Rc::clone(&self.0.borrow().transport)
    }

    pub(super) fn event_loop(&self) -> LoopHandle {
        self.0.borrow().event_loop.clone()
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// The end of TLS was not the end of the stream.
    pub(super) fn reopen(&self) {
        self.borrow().is_at_end = false;
    }

    /// The transport has a successor.
    pub(super) fn succeed(&self, transport: Rc<dyn Transport>) {
        let old = {
            let mut protocol = self.borrow();
            protocol.is_paused = !transport.is_reading();
            protocol.is_flushing = false;
            std::mem::replace(&mut protocol.transport, transport)
        };
        drop(old);
        self.apply_limit();
    }

    pub(super) fn limit(&self) -> usize {
        self.0.borrow().limit
    }

    pub(super) fn set_limit(&self, limit: usize) {
        self.borrow().limit = limit.max(1);
        self.apply_limit();
    }

    /// Writing pauses when the limit is reached, and not beyond it.
    fn apply_limit(&self) {
        let (transport, limit) = {
            let protocol = self.0.borrow();
            if protocol.is_flushing {
                return;
            }
            (Rc::clone(&protocol.transport), protocol.limit)
        };
        // The low mark is not above the high one.
        let _ = transport.set_write_buffer_limits(Some(limit - 1), Some(limit / 4));
    }

    /// The task of `cx` waits for more to read, for which reading goes on.
    pub(super) fn wait_for_data(&self, cx: &Context<'_>) {
        let (old, paused) = {
            let mut protocol = self.borrow();
            let old = protocol.reader.wait(cx);
            let paused = std::mem::take(&mut protocol.is_paused);
            (old, paused.then(|| Rc::clone(&protocol.transport)))
        };
        if let Some(transport) = paused {
            transport.resume_reading();
        }
        drop(old);
    }

    /// The task of `cx` waits until it may write again, or for the end.
    pub(super) fn wait_to_write(&self, cx: &Context<'_>) {
        let old = self.borrow().writer.wait(cx);
        drop(old);
    }

    /// Waits for the end of the connection.
    pub(super) fn poll_lost(&self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let lost = {
            let protocol = self.0.borrow();
            match &protocol.lost {
                Some(None) => Some(Ok(())),
                _ => protocol.lost().map(Err),
            }
        };
        match lost {
            Some(result) => Poll::Ready(result),
            None => {
                self.wait_to_write(cx);
                Poll::Pending
            }
        }
    }

    /// Stops waiting for the last byte to leave, if somebody has begun to.
    pub(super) fn end_flushing(&self) {
        let begun = std::mem::take(&mut self.borrow().is_flushing);
        if begun {
            self.apply_limit();
        }
    }

    /// Waits until everything that was written has left.
    pub(super) fn poll_flushed(&self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let (transport, lost) = {
            let protocol = self.0.borrow();
            let lost = match &protocol.lost {
                // It was closed in good order.
                Some(None) => Some(Ok(())),
                _ => protocol.lost().map(Err),
            };
            (Rc::clone(&protocol.transport), lost)
        };
        if let Some(result) = lost {
            return Poll::Ready(result);
        }
        if transport.write_buffer_size() == 0 {
            self.end_flushing();
            return Poll::Ready(Ok(()));
        }
        let began = !std::mem::replace(&mut self.borrow().is_flushing, true);
        if began {
            // Then the transport says when nothing is left.
            let _ = transport.set_write_buffer_limits(Some(0), Some(0));
            if transport.write_buffer_size() == 0 {
                // What had waited for this turn to end has left.
                self.end_flushing();
                return Poll::Ready(Ok(()));
            }
        }
        self.wait_to_write(cx);
        Poll::Pending
    }
}
