//! The handshake, and who waits for it.

use std::future::poll_fn;
use std::io;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};
use std::time::Duration;

use super::Flags;
use super::{State, TlsStream};
use crate::engine::{ExceptionContext, Severity, TimerHandle};
use crate::event_loop::Callback;
use crate::tls::upgrade::StartTlsError;
use crate::trace::HandshakeSpan;
use crate::transport::Transport;

/// What has to be known until the handshake is done.
#[derive(Default)]
pub(super) struct Handshake {
    result: Option<Result<(), StartTlsError>>,
    waker: Option<Waker>,
    timer: Option<TimerHandle>,
    /// Nobody waits: a server has accepted the connection.
    alone: bool,
    span: HandshakeSpan,
}

impl TlsStream {
    /// Sends the first message, gives the coder what was received already, and
    /// waits for the end of the handshake. Dropping the future aborts the
    /// connection (line B28).
    pub(in crate::tls) async fn shake_hands(
        self: &Rc<Self>,
        timeout: Duration,
        mut received: Vec<u8>,
    ) -> Result<(), StartTlsError> {
        let _cancelled = Cancelled(self);
        self.begin_handshake(timeout, false);
        if !received.is_empty() {
            self.wire_received(&mut received);
        }
        drop(received);
        poll_fn(|cx| {
            let Some(mut handshake) = self.take_handshake() else {
                return Poll::Ready(Err(StartTlsError::Aborted));
            };
            match handshake.result.take() {
                Some(result) => Poll::Ready(result),
                None => {
                    handshake.waker = Some(cx.waker().clone());
                    self.put_handshake(handshake);
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Begins the handshake of a connection that a server has accepted.
    pub(in crate::tls) fn shake_hands_alone(self: &Rc<Self>, timeout: Duration) {
        self.begin_handshake(timeout, true);
    }

    fn begin_handshake(self: &Rc<Self>, timeout: Duration, alone: bool) {
        let this = Rc::downgrade(self);
        let expire = Callback::new(move || {
            if let Some(stream) = Weak::upgrade(&this) {
                stream.handshake_expired(timeout);
            }
        });
        let timer = self.engine.call_later(timeout, expire).ok();
        self.put_handshake(Handshake {
            timer,
            alone,
            span: HandshakeSpan::begin(|| self.peername()),
            ..Handshake::default()
        });
        let mut wire = self.engine.take_wire();
        let started = self.code(|coder| coder.start(&mut wire));
        let spoke = !wire.is_empty();
        self.send_wire(&mut wire);
        self.engine.return_wire(wire);
        match (started, self.below()) {
            (Err(error), _) => self.failed(error, spoke),
            // Whatever the user has asked for, the handshake is read
            // (line B23).
            (Ok(()), Some(below)) => below.resume_reading(),
            (Ok(()), None) => {}
        }
    }

    fn put_handshake(&self, handshake: Handshake) {
        self.busy.with(|busy| busy.handshake = Some(handshake));
    }

    /// Takes it out, and gives the memory back if it was the last there.
    fn take_handshake(&self) -> Option<Handshake> {
        let handshake = self.busy.take(|busy| &mut busy.handshake);
        self.busy.tidy();
        handshake
    }

    fn handshake_expired(&self, after: Duration) {
        if self.state() == State::Handshaking {
            self.settle_handshake(Err(StartTlsError::TimedOut { after }));
            self.end_abruptly(Some(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                StartTlsError::TimedOut { after },
            )));
        }
    }

    /// The handshake is done: whoever waits gets the connection first, and data
    /// follows in a later turn (line B21). Where nobody waits, data follows.
    pub(super) fn handshake_done(&self) {
        let awaited = self.settle_handshake(Ok(()));
        if awaited {
            self.wait_a_turn();
        }
        self.introduce();
        if awaited {
            return;
        }
        if self.withholds() {
            self.wait_a_turn();
        } else {
            self.put(Flags::STARTED, true);
            self.wire_received(&mut []);
        }
    }

    fn wait_a_turn(&self) {
        if let Some(below) = self.below() {
            below.pause_reading();
        }
        self.queue_turn();
    }

    /// Tells a protocol that does not know of the connection yet (line B38).
    fn introduce(&self) {
        let Some(this) = self.this.upgrade().filter(|_| !self.has(Flags::MADE)) else {
            return;
        };
        let handle: Rc<dyn Transport> = this;
        self.put(Flags::MADE, true);
        if let Some(Err(error)) = self.call(|protocol| protocol.connection_made(&handle)) {
            self.raised("connection_made failed", error);
        }
    }

    /// Tells whoever waits, once (line B37); answers whether anybody does.
    pub(super) fn settle_handshake(&self, result: Result<(), StartTlsError>) -> bool {
        let Some(mut handshake) = self.take_handshake() else {
            return false;
        };
        if let Some(timer) = handshake.timer.take() {
            timer.cancel();
        }
        handshake.span.end(result.as_ref().err(), || self.session());
        if handshake.alone {
            drop(handshake);
            if let Err(error) = result {
                self.report_refused(&error);
            }
            return false;
        }
        handshake.result.get_or_insert(result);
        let waker = handshake.waker.take();
        self.put_handshake(handshake);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// A peer whose handshake fails is no news to a server, except in debug
    /// mode; what this side did wrong is (line B47).
    fn report_refused(&self, error: &StartTlsError) {
        let severity = if error.is_ours() {
            Severity::Error
        } else if self.engine.exceptions().debug() {
            Severity::Warning
        } else {
            return;
        };
        let message = "the TLS handshake of an accepted connection failed";
        self.engine
            .report(&ExceptionContext::new(severity, message).with_error(error));
    }
}

/// Aborts a handshake that nobody waits for any more.
struct Cancelled<'a>(&'a TlsStream);

impl Drop for Cancelled<'_> {
    fn drop(&mut self) {
        let handshake = self.0.take_handshake();
        if let Some(timer) = handshake.and_then(|handshake| handshake.timer) {
            timer.cancel();
        }
        if self.0.state() == State::Handshaking {
            self.0
                .end_abruptly(Some(io::ErrorKind::ConnectionAborted.into()));
        }
    }
}
