//! Spans as `tracing` has them.

use std::cell::Cell;
use std::fmt::Display;
use std::io;

use tracing::field::{Empty, display};
use tracing::span::Entered;
use tracing::{Span, debug_span};

use crate::tls::Session;
use crate::transport::{Address, Names};

/// The target, by which subscribers filter.
const TARGET: &str = "loopline";

/// Records who the peer is, if it has a name.
fn record_peer(span: &Span, peer: Option<&Address>) {
    if let Some(peer) = peer {
        span.record("peer", display(peer));
    }
}

/// Records how something has ended: "done", or an error.
fn record_outcome<E: Display>(span: &Span, done: &str, error: Option<E>) {
    match error {
        Some(error) => span.record("outcome", display(error)),
        None => span.record("outcome", done),
    };
}

/// A connection, from `connection_made` to `connection_lost`. Callbacks of its
/// protocol run inside.
pub(crate) struct ConnectionSpan {
    span: Span,
    received: Cell<u64>,
    sent: Cell<u64>,
}

impl ConnectionSpan {
    pub(crate) fn begin(names: &Names) -> Self {
        let span = debug_span!(
            target: TARGET,
            "connection",
            peer = Empty,
            local = Empty,
            received = Empty,
            sent = Empty,
            outcome = Empty,
        );
        if !span.is_disabled() {
            record_peer(&span, names.peername().as_ref());
            if let Some(local) = names.sockname() {
                span.record("local", display(local));
            }
        }
        Self {
            span,
            received: Cell::new(0),
            sent: Cell::new(0),
        }
    }

    #[inline]
    pub(crate) fn enter(&self) -> Entered<'_> {
        self.span.enter()
    }

    #[inline]
    pub(crate) fn received(&self, count: usize) {
        self.received.set(self.received.get() + count as u64);
    }

    #[inline]
    pub(crate) fn sent(&self, count: u64) {
        self.sent.set(self.sent.get() + count);
    }

    /// The connection is lost.
    pub(crate) fn end(&self, error: Option<&io::Error>) {
        record_outcome(&self.span, "closed", error);
    }
}

impl Drop for ConnectionSpan {
    fn drop(&mut self) {
        self.span.record("received", self.received.get());
        self.span.record("sent", self.sent.get());
    }
}

/// A TLS handshake, until it is done or given up.
#[derive(Default)]
pub(crate) struct HandshakeSpan(Option<Span>);

impl HandshakeSpan {
    pub(crate) fn begin(peer: impl FnOnce() -> Option<Address>) -> Self {
        let span = debug_span!(
            target: TARGET,
            "handshake",
            peer = Empty,
            version = Empty,
            cipher_suite = Empty,
            resumed = Empty,
            outcome = Empty,
        );
        if !span.is_disabled() {
            record_peer(&span, peer().as_ref());
        }
        Self(Some(span))
    }

    pub(crate) fn end<E: Display>(
        &mut self,
        error: Option<&E>,
        session: impl FnOnce() -> Option<Session>,
    ) {
        let Some(span) = self.0.take() else {
            return;
        };
        let wanted = error.is_none() && !span.is_disabled();
        if let Some(session) = wanted.then(session).flatten() {
            span.record("version", display(session.version));
            span.record("cipher_suite", session.cipher_suite_name.as_str());
            span.record("resumed", session.resumed);
        }
        record_outcome(&span, "done", error);
    }
}

impl Drop for HandshakeSpan {
    fn drop(&mut self) {
        if let Some(span) = self.0.take() {
            span.record("outcome", "given up");
        }
    }
}

/// A file that is being sent.
pub(crate) struct FileSpan(Span);

impl FileSpan {
    pub(crate) fn begin(offset: u64, count: Option<u64>) -> Self {
        let span = debug_span!(
            target: TARGET,
            "sendfile",
            peer = Empty,
            offset,
            count = Empty,
            way = Empty,
            sent = Empty,
            outcome = Empty,
        );
        if let Some(count) = count {
            span.record("count", count);
        }
        Self(span)
    }

    pub(crate) fn goes_to(&self, peer: impl FnOnce() -> Option<Address>) {
        if !self.0.is_disabled() {
            record_peer(&self.0, peer().as_ref());
        }
    }

    /// How it goes: "native" or "fallback".
    pub(crate) fn goes(&self, way: &'static str) {
        self.0.record("way", way);
    }

    pub(crate) fn end<E: Display>(&self, sent: u64, error: Option<E>) {
        self.0.record("sent", sent);
        record_outcome(&self.0, "done", error);
    }
}
