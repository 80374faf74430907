//! The TLS connection between a transport and a protocol.
//!
//! ```text
//!                    Open                close_notify sent
//! HANDSHAKING ─────────────▶ OPEN ──────────────────────────▶ CLOSING
//!      │                      │ │ or received and answered       │ peer's close_notify,
//!      │ error, timeout,      │ │ error, abort, truncation       │ linger over, error
//!      │ cancel, end          │ ▼                                ▼
//!      └──────────────────────│▶ ENDING ◀────────────────────────┘
//!                    stop_tls │ ▲ │ the transport below is gone
//!                             ▼ │ ▼
//!                       STOPPING LOST
//!                             │ peer's close_notify
//!                             ▼
//!                          STOPPED
//! ```
//!
//! [`TlsStream::enter`] is the one place where the state changes. `ENDING`
//! closes or aborts the transport below, or ends its sending half where the
//! peer has an alert to read; its `connection_lost` leads to `LOST`, and the
//! user's `connection_lost` follows in a later turn (line B83).

mod busy;
mod ending;
mod gathered;
mod handle;
mod handshake;
mod incoming;
mod inward;
mod lingering;
mod outgoing;
mod stopping;
mod timeout;
mod transfer;
mod unread;

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::{Rc, Weak};

use bitflags::bitflags;

use super::options::Terms;
use super::{Coder, TlsError, TlsErrorKind};
use crate::engine::{Debt, Engine};
use crate::protocol::{Protocol, SharedProtocol};
use crate::transport::{BoxCell, DroppedWrites, FlowControl, RcCell, Successor, Transport, borrow};

use busy::Busy;
use handshake::Handshake;
use inward::Inward;
use lingering::Lingering;
use stopping::Stopping;
use timeout::Timeout;

pub(crate) use gathered::Gathered;
pub(crate) use inward::Placeholder;

/// asyncio's default high-water mark over TLS, in bytes (line B57).
pub(super) const WRITE_HIGH: usize = 512 * 1024;

/// Where the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Handshaking,
    Open,
    Closing,
    Stopping,
    Stopped,
    Ending,
    Lost,
}

bitflags! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Flags: u16 {
        /// The user has paused reading.
        const PAUSED = 1;
        /// The peer has ended its direction.
        const PEER_CLOSED = 1 << 1;
        /// A turn that delivers what is held is queued.
        const QUEUED = 1 << 2;
        /// `start_tls` has returned: data may be delivered.
        const STARTED = 1 << 3;
        /// The end of the stream without a close_notify counts as one.
        const TRUNCATION_ALLOWED = 1 << 4;
        /// The user's protocol knows of the connection.
        const MADE = 1 << 5;
        /// A file is being sent.
        const TRANSFER = 1 << 6;
        /// It waits, and nothing is read meanwhile.
        const PARKED = 1 << 7;
        /// Everything has left, and the peer's close_notify is waited for.
        const LINGERING = 1 << 8;
        /// What waited below has left, and the file goes on.
        const DRAINED = 1 << 9;
        /// The protocol may keep its direction open when the peer ends its own.
        const HALF_CLOSE_ALLOWED = 1 << 10;
        /// The protocol was told of the peer's end.
        const EOF_TOLD = 1 << 11;
        /// Small writes of this connection wait for the callback to return.
        const GATHERED = 1 << 12;
        /// The protocol is being called: what it writes leaves right after.
        const CALLING = 1 << 13;
    }
}

/// A TLS connection: transport to the user's protocol, and protocol (through
/// [`Inward`]) to the transport below.
pub(crate) struct TlsStream {
    this: Weak<Self>,
    engine: Rc<Engine>,
    state: Cell<State>,
    flags: Cell<Flags>,
    /// The transport below; none once it is lost.
    below: RcCell<dyn Transport>,
    coder: BoxCell<dyn Coder>,
    protocol: RcCell<RefCell<dyn Protocol>>,
    busy: Busy,
    flow: FlowControl,
    shutdown_timeout: Timeout,
    /// Writes that were dropped since the connection began to close.
    dropped: DroppedWrites,
    /// Who has taken this connection over, and by whom it is used since.
    successor: Successor<Self>,
}

impl TlsStream {
    /// Takes a transport over: nothing it receives from here on reaches the
    /// user's protocol as it is (line B15), and its user can do no more with it
    /// (line B22). `made` says whether the protocol knows of the connection.
    /// None if the transport cannot be taken over.
    pub(super) fn put_onto(
        engine: &Rc<Engine>,
        transport: &dyn Transport,
        protocol: SharedProtocol,
        terms: Terms,
        made: bool,
    ) -> Option<Rc<Self>> {
        let handed = transport.hand_over()?;
        let below = Rc::clone(handed.below());
        let stream = Self::new(engine, Rc::clone(&below), protocol, terms);
        stream.put(Flags::MADE, made);
        if !handed.is_own() {
            engine.note_stray(&stream);
        }
        let layer: Weak<Self> = Rc::downgrade(&stream);
        handed.succeed(layer);
        below.pause_reading();
        let inward = Rc::new(RefCell::new(Inward(Rc::clone(&stream))));
        let replaced = below.set_protocol(inward);
        drop(replaced);
        stream.share_limits();
        Some(stream)
    }

    fn new(
        engine: &Rc<Engine>,
        below: Rc<dyn Transport>,
        protocol: SharedProtocol,
        terms: Terms,
    ) -> Rc<Self> {
        let Terms { coder, limits } = terms;
        let mut flags = Flags::empty();
        flags.set(Flags::TRUNCATION_ALLOWED, limits.allow_truncation);
        flags.set(Flags::HALF_CLOSE_ALLOWED, limits.allow_half_close);
        flags.set(Flags::PAUSED, !below.is_reading());
        let flow = FlowControl::with_high(WRITE_HIGH);
        flow.take_over(below.is_writing_paused());
        let stream = Rc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            engine: Rc::clone(engine),
            state: Cell::new(State::Handshaking),
            flags: Cell::new(flags),
            below: RcCell::new(below),
            coder: BoxCell::new(coder),
            protocol: RcCell::new(protocol),
            busy: Busy::default(),
            flow,
            shutdown_timeout: Timeout::new(limits.shutdown_timeout),
            dropped: DroppedWrites::default(),
            successor: Successor::default(),
        });
        engine.layer_added();
        stream
    }

    pub(super) fn state(&self) -> State {
        self.state.get()
    }

    /// The one transition: from where which state may be entered (line B70).
    fn enter(&self, next: State) -> bool {
        let from = self.state.get();
        let legal = match next {
            State::Handshaking => false,
            State::Open => from == State::Handshaking,
            State::Closing => matches!(from, State::Open | State::Stopping),
            State::Stopping => from == State::Open,
            State::Stopped => from == State::Stopping,
            State::Ending => !matches!(from, State::Ending | State::Lost | State::Stopped),
            State::Lost => !matches!(from, State::Lost | State::Stopped),
        };
        if legal {
            self.state.set(next);
        }
        legal
    }

    fn has(&self, flags: Flags) -> bool {
        self.flags.get().intersects(flags)
    }

    fn put(&self, flag: Flags, on: bool) {
        let mut flags = self.flags.get();
        flags.set(flag, on);
        self.flags.set(flags);
    }

    /// The transport below, if it is still there.
    #[inline]
    fn below(&self) -> Option<Rc<dyn Transport>> {
        self.below.get()
    }

    /// Lets the coder work. It is not there for whoever is called by the library
    /// meanwhile, such as a user's verifier of certificates.
    fn code<R>(
        &self,
        work: impl FnOnce(&mut dyn Coder) -> Result<R, TlsError>,
    ) -> Result<R, TlsError> {
        self.coder.with(|coder| match coder {
            Some(coder) => work(&mut **coder),
            None => Err(TlsErrorKind::Misuse("the TLS library is at work").into()),
        })
    }

    /// The way into user code: nothing of this connection is borrowed.
    fn call<R>(&self, callback: impl FnOnce(&mut dyn Protocol) -> R) -> Option<R> {
        let protocol = self.protocol.get()?;
        let guard = PanicGuard(self);
        self.put(Flags::CALLING, true);
        let result = callback(&mut *borrow(&protocol));
        self.put(Flags::CALLING, false);
        std::mem::forget(guard);
        drop(protocol);
        self.send_gathered();
        self.engine.settle();
        Some(result)
    }
}

/// Ends a connection when a callback of its protocol panics, as an error would
/// (line E15): nobody can tell what the protocol has missed.
struct PanicGuard<'a>(&'a TlsStream);

impl Drop for PanicGuard<'_> {
    fn drop(&mut self) {
        self.0.end_abruptly(Some(io::Error::other(
            "a callback of the protocol panicked",
        )));
    }
}

impl TlsStream {
    /// Has to be asked again by [`settle`](Self::settle).
    fn owe(&self) {
        if let Some(layer) = self.this.upgrade() {
            self.engine.owe(Debt::Layer(layer));
        }
    }

    /// Does what is owed; false if the protocol is still busy.
    pub(crate) fn settle(&self) -> bool {
        self.send_gathered();
        let told = self.settle_flow();
        if !self.has(Flags::DRAINED) {
            return told;
        }
        self.put(Flags::DRAINED, false);
        if !told {
            // Also if the user's report panics.
            self.owe();
        }
        self.send_more();
        true
    }

    /// The transport below has let go of this layer: its loop was closed, or it
    /// has nothing more to tell.
    fn orphaned(&self) {
        if self.engine.is_closed() {
            self.let_go();
        } else if !matches!(self.state(), State::Lost | State::Stopped) {
            self.wire_lost(None);
        }
    }
}
