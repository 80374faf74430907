//! The end of a TLS connection.

use std::io;
use std::rc::Weak;
use std::time::Duration;

use super::{Flags, State, TlsStream};
use crate::BoxError;
use crate::engine::{Errand, ExceptionContext, Severity};
use crate::event_loop::{Callback, LoopClosed};
use crate::protocol::Protocol;
use crate::send_file::{Carrier, SendFileErrorKind};
use crate::tls::stop::StopTlsError;
use crate::tls::upgrade::StartTlsError;
use crate::tls::{TlsError, TlsErrorKind};
use crate::transport::{borrow, copy_error};

/// How long this side waits for the peer's close_notify once its own has left:
/// TLS 1.3 does not ask for an answer (RFC 8446, section 6.1), and peers that
/// never answer are many (line B77).
pub(super) const LINGER: Duration = Duration::from_secs(1);

/// How long a connection that has failed may go on, for the alert to leave and
/// to be read.
pub(super) const ALERT_TIMEOUT: Duration = Duration::from_secs(5);

impl TlsStream {
    /// Sends close_notify behind what was written, and waits for the peer's
    /// (line B71). During the handshake it aborts (line B49).
    pub(super) fn close_gently(&self) {
        match self.state() {
            State::Handshaking => self.end_abruptly(None),
            State::Open | State::Stopping => self.begin_closing(),
            State::Closing | State::Ending | State::Lost | State::Stopped => {}
        }
    }

    fn begin_closing(&self) {
        self.send_gathered();
        if !self.enter(State::Closing) {
            return;
        }
        // Nothing further of a file is sent (line A65).
        self.abandon_transfer(SendFileErrorKind::Aborted);
        self.settle_stopping(Err(StopTlsError::Aborted));
        self.say_goodbye();
        self.busy.take(|busy| &mut busy.unread);
        if self.has(Flags::PEER_CLOSED) {
            return self.end_in_order(None);
        }
        // Below calls back when everything has left.
        self.share_limits();
        self.start_shutdown_timer();
        // What the peer still sends is read and discarded, also if the user
        // had paused (line B74).
        if let Some(below) = self.below() {
            below.resume_reading();
        }
        self.reflow();
    }

    pub(super) fn say_goodbye(&self) {
        let mut wire = self.engine.take_wire();
        // Where no alert can be sent the connection ends without one.
        let _ = self.code(|coder| coder.close(&mut wire));
        self.send_wire(&mut wire);
        self.engine.return_wire(wire);
    }

    /// Everything has left, close_notify included if this side is closing:
    /// then it is enough to wait for a moment.
    pub(super) fn flushed(&self) {
        if self.state() == State::Closing && !self.has(Flags::LINGERING) {
            self.put(Flags::LINGERING, true);
            let linger = LINGER.min(self.shutdown_timeout.get());
            self.start_timer(linger, |stream| stream.end_in_order(None));
        }
    }

    fn start_shutdown_timer(&self) {
        self.start_timer(self.shutdown_timeout.get(), |stream| {
            stream.end_abruptly(Some(io::Error::new(
                io::ErrorKind::TimedOut,
                "the TLS shutdown timed out",
            )));
        });
    }

    /// The user limits how long closing may take (line D54).
    pub(super) fn limit_closing(&self, timeout: Duration) {
        self.shutdown_timeout.set(timeout);
        match self.state() {
            State::Closing if !self.has(Flags::LINGERING) => self.start_shutdown_timer(),
            State::Ending => {
                self.limit_lingering(timeout);
                if let Some(below) = self.below() {
                    below.set_close_timeout(Some(timeout));
                }
            }
            _ => {}
        }
    }

    pub(super) fn start_timer(&self, after: Duration, act: fn(&Self)) {
        let this = Weak::clone(&self.this);
        let expire = Callback::new(move || {
            if let Some(stream) = this.upgrade() {
                act(&stream);
            }
        });
        let timer = self.engine.call_later(after, expire).ok();
        self.replace_timer(timer);
    }

    pub(super) fn replace_timer(&self, timer: Option<crate::engine::TimerHandle>) {
        let old = self.busy.take(|busy| &mut busy.timer);
        if timer.is_some() {
            self.busy.with(|busy| busy.timer = timer);
        }
        if let Some(old) = old {
            old.cancel();
        }
    }

    /// The peer has sent its close_notify (line B72).
    pub(super) fn peer_closed(&self) {
        match self.state() {
            State::Open => {
                self.put(Flags::EOF_TOLD, true);
                match self.call(Protocol::eof_received) {
                    Some(Ok(true)) if self.has(Flags::HALF_CLOSE_ALLOWED) => {
                        return self.stop_listening();
                    }
                    Some(Ok(true)) => self.engine.report(&ExceptionContext::new(
                        Severity::Warning,
                        "eof_received cannot keep a TLS connection open (line B69)",
                    )),
                    Some(Ok(false)) | None => {}
                    Some(Err(error)) => return self.raised("eof_received failed", error),
                }
                self.begin_closing();
            }
            State::Closing => self.end_in_order(None),
            State::Stopping => self.stopped(),
            State::Handshaking | State::Ending | State::Lost | State::Stopped => {}
        }
    }

    /// The peer's direction has ended, and this side's goes on (line B96): what
    /// comes now is for whoever takes TLS off.
    fn stop_listening(&self) {
        if let Some(below) = self.below().filter(|_| self.state() == State::Open) {
            below.pause_reading();
        }
    }

    /// The stream below has ended.
    pub(super) fn wire_ended(&self) {
        match self.state() {
            State::Handshaking => {
                let kind = io::ErrorKind::ConnectionReset;
                self.settle_handshake(Err(StartTlsError::Connection(kind.into())));
                self.end_in_order(Some(kind.into()));
            }
            // It is withheld.
            State::Open | State::Stopping if self.has(Flags::PEER_CLOSED) => {}
            State::Open if self.has(Flags::TRUNCATION_ALLOWED) => {
                self.put(Flags::HALF_CLOSE_ALLOWED, false);
                self.put(Flags::PEER_CLOSED, true);
                self.progressed();
            }
            State::Open => self.cut_off(),
            State::Stopping => {
                self.settle_stopping(Err(StopTlsError::Truncated));
                self.cut_off();
            }
            State::Closing => self.end_in_order(None),
            State::Ending | State::Lost | State::Stopped => {}
        }
    }

    /// The stream was cut (line B76).
    fn cut_off(&self) {
        let error = TlsError::from(TlsErrorKind::UnexpectedEof);
        self.end_in_order(Some(error.into()));
    }

    /// The coder has failed: whoever waits knows at once, and the connection
    /// ends once the peer has its alert, if there is one (line B46).
    pub(super) fn failed(&self, error: TlsError, alerted: bool) {
        let reason = io::Error::new(error.io_kind(), error.to_string());
        match self.state() {
            State::Stopping => self.settle_stopping(Err(StopTlsError::Tls(error))),
            _ => {
                self.settle_handshake(Err(StartTlsError::Handshake(error)));
            }
        }
        if alerted {
            self.end_after_alert(reason);
        } else {
            self.end_in_order(Some(reason));
        }
    }

    /// A callback of the user failed (line B63).
    pub(super) fn raised(&self, message: &str, error: BoxError) {
        self.engine.report_error(message, &*error);
        let error = match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        };
        self.end_abruptly(Some(error));
    }

    /// Ends the connection once what is queued below has left.
    pub(super) fn end_in_order(&self, reason: Option<io::Error>) {
        // What was written before an end in order gets its time.
        let timeout = match reason {
            Some(_) => ALERT_TIMEOUT.min(self.shutdown_timeout.get()),
            None => self.shutdown_timeout.get(),
        };
        if self.start_ending(reason) {
            if let Some(below) = self.below() {
                below.close();
                below.set_close_timeout(Some(timeout));
            }
        }
    }

    /// Ends the connection at once, without close_notify (line B79), also if it
    /// is ending in order.
    pub(super) fn end_abruptly(&self, reason: Option<io::Error>) {
        if self.start_ending(reason) || self.state() == State::Ending {
            if let Some(below) = self.below() {
                below.abort();
            }
        }
    }

    pub(super) fn start_ending(&self, reason: Option<io::Error>) -> bool {
        if !self.enter(State::Ending) {
            if self.state() == State::Ending {
                if let Some(reason) = reason {
                    self.busy
                        .with(|busy| busy.reason.get_or_insert(reason).kind());
                }
            }
            return false;
        }
        self.flow.stop();
        self.settle_handshake(Err(StartTlsError::Aborted));
        self.settle_stopping(Err(match &reason {
            Some(error) => StopTlsError::Connection(copy_error(error)),
            None => StopTlsError::Aborted,
        }));
        let kind = reason.as_ref().map_or(SendFileErrorKind::Aborted, |error| {
            SendFileErrorKind::Connection(copy_error(error))
        });
        if reason.is_some() {
            self.busy.with(|busy| busy.reason = reason);
        }
        drop(self.busy.take_pending());
        self.drop_gathered();
        self.busy.take(|busy| &mut busy.unread);
        self.abandon_transfer(kind);
        self.replace_timer(None);
        true
    }

    /// The transport below is gone.
    pub(super) fn wire_lost(&self, error: Option<&io::Error>) {
        if matches!(self.state(), State::Handshaking) {
            let kind = io::ErrorKind::ConnectionAborted;
            let error = error.map_or_else(|| kind.into(), copy_error);
            self.settle_handshake(Err(StartTlsError::Connection(error)));
        }
        self.start_ending(error.map(copy_error));
        if self.enter(State::Lost) {
            if let Some(layer) = self.this.upgrade() {
                self.engine.push(Errand::LayerLost(layer));
            }
        }
    }

    /// Calls `connection_lost`, in a turn of its own (line B83); not if the
    /// protocol has never heard of the connection (line B39).
    pub(crate) fn finish(&self) {
        let Some(protocol) = self.protocol.take() else {
            return;
        };
        let reason = self.busy.take(|busy| &mut busy.reason);
        self.replace_timer(None);
        let _left = Left(self);
        if self.has(Flags::MADE) {
            let outcome = borrow(&protocol).connection_lost(reason.as_ref());
            if let Err(error) = outcome {
                self.engine.report_error("connection_lost failed", &*error);
            }
        }
        drop(protocol);
    }

    /// The loop is closed.
    pub(crate) fn let_go(&self) {
        let Some(protocol) = self.protocol.take() else {
            // It was over before.
            return;
        };
        self.state.set(State::Lost);
        self.settle_handshake(Err(StartTlsError::Aborted));
        self.settle_stopping(Err(StopTlsError::Closed(LoopClosed)));
        self.forget_transfer();
        self.drop_gathered();
        self.replace_timer(None);
        let below = self.below.take();
        self.engine.layer_removed();
        drop((below, protocol));
    }
}

/// The loop is rid of a connection once `connection_lost` has returned or
/// panicked.
struct Left<'a>(&'a TlsStream);

impl Drop for Left<'_> {
    fn drop(&mut self) {
        self.0.engine.layer_removed();
    }
}
