//! The end of a connection whose peer has an alert to read.
//!
//! A socket that is closed answers what still comes, or what was not read, with
//! a reset, which may overtake the alert or make the peer's system drop it. So
//! the sending half alone is ended behind the alert, and what the peer sends is
//! read and thrown away until it ends too: nginx does the same by
//! `lingering_close`. Whoever waits for the handshake has its error before that;
//! `connection_lost` comes when the connection is gone (line B83), which is as
//! soon as a peer has read the alert that closes then (RFC 8446, section 6.2).

use std::io;
use std::time::{Duration, Instant};

use super::ending::{ALERT_TIMEOUT, LINGER};
use super::{State, TlsStream};

/// How much of a peer that goes on sending is thrown away, in bytes: more than
/// was on its way when the alert left, as Linux' receive windows grow to 6 MiB
/// by default (`tcp_rmem`, tcp(7)).
const DISCARD_LIMIT: usize = 8 * 1024 * 1024;

/// What a peer may still do before it is left.
pub(super) struct Lingering {
    /// What may still come, in bytes.
    left: usize,
    until: Instant,
    /// Whether anything has come since the timer was set.
    heard: bool,
}

impl TlsStream {
    /// Ends the connection once the peer has its alert and has ended too, or
    /// has taken too long or sent too much.
    pub(super) fn end_after_alert(&self, reason: io::Error) {
        let below = self.below().filter(|below| below.can_write_eof());
        let Some(below) = below else {
            // Inside of TLS: its end waits for the peer as well.
            return self.end_in_order(Some(reason));
        };
        if !self.start_ending(Some(reason)) {
            return;
        }
        let limit = ALERT_TIMEOUT.min(self.shutdown_timeout.get());
        self.linger(Lingering {
            left: DISCARD_LIMIT,
            until: self.engine.now() + limit,
            heard: false,
        });
        // For what is left of the alert when the peer ends before it has read
        // everything.
        below.set_close_timeout(Some(limit));
        // Refused only where it is impossible, which was asked.
        let _ = below.write_eof();
        below.resume_reading();
    }

    fn linger(&self, lingering: Lingering) {
        let rest = lingering.until.saturating_duration_since(self.engine.now());
        self.busy.with(|busy| busy.lingering = Some(lingering));
        self.start_timer(LINGER.min(rest), Self::lingered);
    }

    /// Something has come that nobody wants.
    pub(super) fn discard(&self, count: usize) {
        let Some(mut lingering) = self.busy.take(|busy| &mut busy.lingering) else {
            return;
        };
        let Some(left) = lingering.left.checked_sub(count) else {
            return self.leave();
        };
        lingering.left = left;
        lingering.heard |= count > 0;
        self.busy.with(|busy| busy.lingering = Some(lingering));
    }

    /// Who is silent has read the alert, or will not.
    fn lingered(&self) {
        let Some(lingering) = self.busy.take(|busy| &mut busy.lingering) else {
            return;
        };
        let active = lingering.heard || self.queued() > 0;
        if active && self.engine.now() < lingering.until {
            self.linger(Lingering {
                heard: false,
                ..lingering
            });
        } else {
            self.leave();
        }
    }

    /// The user limits how long closing may take.
    pub(super) fn limit_lingering(&self, timeout: Duration) {
        if let Some(mut lingering) = self.busy.take(|busy| &mut busy.lingering) {
            lingering.until = lingering.until.min(self.engine.now() + timeout);
            self.linger(lingering);
        }
    }

    fn leave(&self) {
        debug_assert!(self.state() == State::Ending, "it was not ending");
        if let Some(below) = self.below() {
            below.abort();
        }
    }
}
