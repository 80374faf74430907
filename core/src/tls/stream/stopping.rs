//! The end of TLS on a connection that goes on without it.

use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use super::{Flags, State, TlsStream};
use crate::protocol::SharedProtocol;
use crate::tls::stop::StopTlsError;
use crate::transport::{HandBack, Returned, Transport};

type Outcome = Result<Rc<dyn Transport>, StopTlsError>;

/// What has to be known until the peer's close_notify has come.
pub(super) struct Stopping {
    protocol: Option<SharedProtocol>,
    hand_back: Option<HandBack>,
    after: Duration,
    result: Option<Outcome>,
    waker: Option<Waker>,
}

impl TlsStream {
    /// Sends close_notify behind what was written, waits for the peer's, and
    /// gives the connection back. Dropping the future closes the connection.
    pub(in crate::tls) async fn stop(
        &self,
        protocol: SharedProtocol,
        timeout: Option<Duration>,
    ) -> Outcome {
        let hand_back = self.check_stopping()?;
        let _cancelled = Cancelled(self);
        self.begin_stopping(Stopping {
            protocol: Some(protocol),
            hand_back: Some(hand_back),
            after: timeout.unwrap_or_else(|| self.shutdown_timeout.get()),
            result: None,
            waker: None,
        });
        poll_fn(|cx| {
            let Some(mut stopping) = self.take_stopping() else {
                return Poll::Ready(Err(StopTlsError::Aborted));
            };
            if let Some(result) = stopping.result.take() {
                return Poll::Ready(result);
            }
            stopping.waker = Some(cx.waker().clone());
            self.put_stopping(stopping);
            Poll::Pending
        })
        .await
    }

    /// Nothing is touched before all of this holds.
    fn check_stopping(&self) -> Result<HandBack, StopTlsError> {
        let below = match self.state() {
            State::Stopping => return Err(StopTlsError::InProgress),
            State::Open => self.below().filter(|below| !below.is_closing()),
            _ => None,
        };
        let below = below.ok_or(StopTlsError::TransportClosing)?;
        if self.has(Flags::TRANSFER) {
            return Err(StopTlsError::SendFileInProgress);
        }
        below.hand_back().ok_or(StopTlsError::Unsupported)
    }

    fn begin_stopping(&self, stopping: Stopping) {
        self.send_gathered();
        if !self.enter(State::Stopping) {
            return;
        }
        let after = stopping.after;
        self.put_stopping(Box::new(stopping));
        self.start_timer(after, Self::stopping_expired);
        self.say_goodbye();
        // Also if the user has paused: there may be nothing before the peer's
        // close_notify that would have to wait for him.
        self.queue_turn();
        self.reflow();
    }

    fn put_stopping(&self, stopping: Box<Stopping>) {
        self.busy.with(|busy| busy.stopping = Some(stopping));
    }

    /// Takes it out, and gives the memory back if it was the last there.
    fn take_stopping(&self) -> Option<Box<Stopping>> {
        let stopping = self.busy.take(|busy| &mut busy.stopping);
        self.busy.tidy();
        stopping
    }

    fn stopping_expired(&self) {
        if self.state() != State::Stopping {
            return;
        }
        if let Some(stopping) = self.take_stopping() {
            let after = stopping.after;
            self.put_stopping(stopping);
            self.settle_stopping(Err(StopTlsError::TimedOut { after }));
        }
        self.end_abruptly(Some(io::Error::new(
            io::ErrorKind::TimedOut,
            "the peer's close_notify did not come in time",
        )));
    }

    /// Tells whoever waits; the first result counts.
    pub(super) fn settle_stopping(&self, result: Outcome) {
        let Some(mut stopping) = self.take_stopping() else {
            return;
        };
        stopping.result.get_or_insert(result);
        let unused = (stopping.protocol.take(), stopping.hand_back.take());
        let waker = stopping.waker.take();
        self.put_stopping(stopping);
        drop(unused);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The peer's close_notify has come, and the user has all that came before
    /// it: the transport below is his again, and what came behind it is for his
    /// new protocol.
    pub(super) fn stopped(&self) {
        let Some(below) = self.below().filter(|below| !below.is_closing()) else {
            // Why will be known when the transport below has ended.
            return;
        };
        let Some(mut stopping) = self.take_stopping() else {
            return;
        };
        let parts = (stopping.protocol.take(), stopping.hand_back.take());
        let waker = stopping.waker.take();
        self.put_stopping(stopping);
        let (Some(protocol), Some(hand_back)) = parts else {
            return;
        };
        if !self.enter(State::Stopped) {
            return;
        }
        self.replace_timer(None);
        // Whoever waits has the connection before anything is delivered that
        // came behind the close_notify (line B95): his turn is queued first.
        if let Some(waker) = waker {
            waker.wake();
        }
        let returned = Returned {
            unread: self.busy.take_pending(),
            writing_paused: self.flow.is_told(),
        };
        self.flow.stop();
        // The marks are the default ones again, as they are after start_tls.
        let _ = below.set_write_buffer_limits(None, None);
        let inward = below.set_protocol(protocol);
        let plain = hand_back.complete(returned);
        if self.has(Flags::PAUSED) {
            plain.pause_reading();
        } else {
            plain.resume_reading();
        }
        self.leave_to(&plain);
        drop((inward, below));
        self.settle_stopping(Ok(plain));
    }

    /// This connection is no more: what is still done to it concerns the one
    /// that was below.
    fn leave_to(&self, plain: &Rc<dyn Transport>) {
        self.below.replace(Rc::clone(plain));
        let protocol = self.protocol.take();
        self.engine.layer_removed();
        drop(protocol);
    }
}

/// Closes a connection in order if nobody waits for it to be stopped.
struct Cancelled<'a>(&'a TlsStream);

impl Drop for Cancelled<'_> {
    fn drop(&mut self) {
        let stopping = self.0.take_stopping();
        drop(stopping);
        if self.0.state() == State::Stopping {
            self.0.close_gently();
        }
    }
}
