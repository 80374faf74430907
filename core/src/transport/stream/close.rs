//! The end of a connection.

use std::io;

use super::{Flags, Stream, StreamIo, borrow};
use crate::BoxError;
use crate::backend::Interest;
use crate::engine::Errand;
use crate::event_loop::Callback;
use crate::send_file::{Carrier, SendFileErrorKind};

impl<S: StreamIo> Stream<S> {
    /// Stops reading, sends what is queued, then ends (line D53). A file that
    /// is being sent is given up (line A65).
    pub(super) fn close_gently(&self) {
        if self.has(Flags::CLOSING | Flags::ENDING) {
            return;
        }
        self.set(Flags::CLOSING);
        self.abandon_transfer(SendFileErrorKind::Aborted);
        if self.queued.get() == 0 {
            self.end_after_flush();
        } else {
            self.update_interest();
            self.start_close_timer();
        }
    }

    /// Everything has left, or a job in flight has to end before.
    pub(super) fn end_after_flush(&self) {
        if self.queued.get() == 0 && !self.has(Flags::TRANSFER) {
            self.fail(None);
        }
    }

    /// Limits what is left of a gentle end; a limit that was set before no
    /// longer counts.
    pub(super) fn start_close_timer(&self) {
        if !self.has(Flags::CLOSING) || self.has(Flags::ENDING) {
            return;
        }
        let old = self.take_busy(|busy| &mut busy.close_timer);
        if let Some(timer) = old {
            timer.cancel();
        }
        let timeout = self.busy.with(|busy| busy.as_ref()?.close_timeout);
        let Some(timeout) = timeout else {
            return;
        };
        let this = std::rc::Weak::clone(&self.this);
        let give_up = Callback::new(move || {
            if let Some(stream) = this.upgrade() {
                stream.fail(Some(io::ErrorKind::TimedOut.into()));
            }
        });
        if let Ok(timer) = self.engine.call_later(timeout, give_up) {
            self.with_busy(|busy| busy.close_timer = Some(timer));
        }
    }

    pub(super) fn abort_now(&self) {
        self.fail(None);
    }

    /// A callback of the protocol failed: the connection ends with its error,
    /// also if the callback had ended the connection before (line D14).
    pub(super) fn raised(&self, message: &str, error: BoxError) {
        self.engine.report_error(message, &*error);
        let error = match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        };
        if self.has(Flags::ENDING) {
            self.with_busy(|busy| busy.reason.get_or_insert(error).kind());
        } else {
            self.fail(Some(error));
        }
    }

    /// Ends the connection at once: drops what is queued, and queues
    /// `connection_lost`. The first reason counts.
    pub(super) fn fail(&self, reason: Option<io::Error>) {
        if self.has(Flags::ENDING) {
            return;
        }
        let kind = reason.as_ref().map_or(SendFileErrorKind::Aborted, |error| {
            SendFileErrorKind::Connection(copy(error))
        });
        self.set(Flags::CLOSING | Flags::ENDING);
        self.flow.stop();
        self.queued.set(0);
        self.abandon_transfer(kind);
        let old = if self.has(Flags::TRANSFER) {
            None
        } else {
            self.busy.take()
        };
        if let Some(timer) = old.as_ref().and_then(|busy| busy.close_timer.as_ref()) {
            timer.cancel();
        }
        drop(old);
        if reason.is_some() {
            self.with_busy(|busy| busy.reason = reason);
        }
        self.engine.want(self.key.get(), Interest::empty());
        if !self.has(Flags::TRANSFER) {
            self.engine.push(Errand::Lost(self.key.get()));
        }
    }

    /// Calls `connection_lost` and closes the socket, in this order and
    /// whatever the protocol does (lines D5, D6).
    pub(super) fn finish(&self) {
        let Some(protocol) = self.protocol.take() else {
            return;
        };
        let reason = self.take_busy(|busy| &mut busy.reason);
        self.disown();
        let _closed = Closed(self);
        let outcome = {
            let _entered = self.span.enter();
            borrow(&protocol).connection_lost(reason.as_ref())
        };
        self.span.end(reason.as_ref());
        if let Err(error) = outcome {
            self.engine.report_error("connection_lost failed", &*error);
        }
        drop(protocol);
    }

    /// Takes the connection from the engine: no event comes any more.
    fn disown(&self) {
        self.with_io(|io| io.disown(&self.engine, self.key.get()));
    }

    /// Closes what the connection goes over.
    fn close_io(&self) {
        // While its user looks at it, it stays; the transport's end closes it.
        if let Ok(mut place) = self.io.try_borrow_mut() {
            drop(place.take());
        }
    }

    /// The loop is closed: no callback, but everything is let go of.
    pub(super) fn let_go(&self) {
        self.set(Flags::CLOSING | Flags::ENDING);
        self.forget_transfer();
        self.queued.set(0);
        let busy = self.busy.take();
        let protocol = self.protocol.take();
        self.disown();
        self.close_io();
        self.leave();
        drop((busy, protocol));
    }

    fn leave(&self) {
        self.engine.transport_removed();
        if let Some(server) = &self.server {
            server.remove();
        }
    }
}

/// Closes the socket when `connection_lost` has returned or panicked.
struct Closed<'a, S: StreamIo>(&'a Stream<S>);

impl<S: StreamIo> Drop for Closed<'_, S> {
    fn drop(&mut self) {
        self.0.close_io();
        self.0.leave();
    }
}

/// The same error once more: `io::Error` cannot be cloned.
pub(crate) fn copy(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}
