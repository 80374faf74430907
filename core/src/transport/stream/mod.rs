//! The state machine of a stream connection.
//!
//! ```text
//!            made                close            queue empty, or abort
//!   (new) ────────▶ OPEN ───────────────▶ CLOSING ────────────▶ ENDING ──▶ LOST
//!                    │  failure, abort                              ▲  lost()
//!                    └──────────────────────────────────────────────┘
//! ```
//!
//! `ENDING` has a [`Errand::Lost`](crate::engine::Errand) in the queue, so that
//! `connection_lost` is never called inside another callback, and at the end of
//! the turn at the earliest (line D3). Reading,
//! ending the sending half, flow control and sending a file are flags beside
//! that state, each changed in the file that is named after it.

mod close;
mod flow;
mod handle;
mod one_way;
mod read;
mod transfer;
mod unread;
mod write;

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::{Rc, Weak};
use std::time::Duration;

use bitflags::bitflags;
use socket2::Socket;

use super::queue::WriteQueue;
use super::socket::LendSocket;
use super::{
    BoxCell, DroppedWrites, FlowControl, Names, RcCell, StreamIo, Successor, Transport, Unread,
};
use crate::backend::{Interest, Key, Readiness};
use crate::engine::{Change, Engine, Role, TimerHandle, Watched};
use crate::net::Clients;
use crate::protocol::{Protocol, SharedProtocol};
use crate::send_file::{Active, Carrier};
use crate::trace::ConnectionSpan;

pub(crate) use close::copy as copy_error;

bitflags! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Flags: u16 {
        /// `connection_made` has been called.
        const MADE = 1;
        /// Nothing more is read or taken from the user.
        const CLOSING = 1 << 1;
        /// The end is queued.
        const ENDING = 1 << 2;
        /// The user has paused reading.
        const PAUSED = 1 << 3;
        /// The peer has ended its half.
        const EOF_READ = 1 << 4;
        /// The user has ended his half; what is queued leaves before.
        const EOF_WRITTEN = 1 << 5;
        /// The kernel has been told so.
        const EOF_SENT = 1 << 6;
        /// A file is being sent.
        const TRANSFER = 1 << 7;
        /// A layer was taken off, and what it has left was not delivered yet.
        const UNREAD = 1 << 8;
    }
}

/// What an idle connection does not need.
#[derive(Default)]
struct Busy {
    queue: WriteQueue,
    /// What a layer that was taken off has read too much.
    unread: Option<Unread>,
    transfer: Option<Active>,
    close_timer: Option<TimerHandle>,
    /// How long a gentle end may take.
    close_timeout: Option<Duration>,
    /// What `connection_lost` will be told.
    reason: Option<io::Error>,
}

/// A stream connection.
pub(crate) struct Stream<S: StreamIo> {
    this: Weak<Self>,
    engine: Rc<Engine>,
    key: Cell<Key>,
    flags: Cell<Flags>,
    /// Writes that were dropped since the connection began to close.
    dropped: DroppedWrites,
    /// None once the connection is lost.
    io: RefCell<Option<S>>,
    protocol: RcCell<RefCell<dyn Protocol>>,
    /// Bytes in the queue.
    queued: Cell<usize>,
    flow: FlowControl,
    busy: BoxCell<Busy>,
    names: Names,
    /// Whether a layer has taken the connection over, and which.
    successor: Successor<Self>,
    /// Those of the server that has accepted the connection.
    server: Option<Rc<Clients>>,
    span: ConnectionSpan,
}

impl<S: StreamIo> Stream<S> {
    /// Makes a connection of what is connected and does not block, and calls
    /// `connection_made` (line D2).
    pub(crate) fn open(
        engine: &Rc<Engine>,
        io: S,
        protocol: SharedProtocol,
        names: Names,
        server: Option<&Rc<Clients>>,
    ) -> Rc<dyn Transport> {
        if let Some(server) = server {
            server.add();
        }
        let stream = Rc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            engine: Rc::clone(engine),
            key: Cell::new(Key::RESERVED),
            flags: Cell::new(Flags::empty()),
            dropped: DroppedWrites::default(),
            io: RefCell::new(Some(io)),
            protocol: RcCell::new(protocol),
            queued: Cell::new(0),
            flow: FlowControl::new(),
            busy: BoxCell::default(),
            span: ConnectionSpan::begin(&names),
            names,
            successor: Successor::default(),
            server: server.map(Rc::clone),
        });
        stream.with_io(|io| {
            let owner = Rc::clone(&stream) as Rc<dyn Watched>;
            stream.key.set(io.adopt(engine, owner));
        });
        engine.transport_added();
        stream.begin()
    }

    fn begin(self: &Rc<Self>) -> Rc<dyn Transport> {
        self.set(Flags::MADE);
        let transport: Rc<dyn Transport> = Rc::clone(self) as Rc<dyn Transport>;
        let outcome = self.call(|protocol| protocol.connection_made(&transport));
        if let Some(Err(error)) = outcome {
            self.raised("connection_made failed", error);
        }
        self.update_interest();
        transport
    }

    fn has(&self, flags: Flags) -> bool {
        self.flags.get().intersects(flags)
    }

    fn set(&self, flags: Flags) {
        self.flags.set(self.flags.get() | flags);
    }

    fn clear(&self, flags: Flags) {
        self.flags.set(self.flags.get() - flags);
    }

    /// Runs `use_io` with what the connection goes over, if it is still there.
    /// No user code may run inside.
    #[inline]
    fn with_io<R>(&self, use_io: impl FnOnce(&S) -> R) -> Option<R> {
        self.io.borrow().as_ref().map(use_io)
    }

    fn with_busy<R>(&self, use_busy: impl FnOnce(&mut Busy) -> R) -> R {
        self.busy
            .with(|busy| use_busy(busy.get_or_insert_default()))
    }

    /// Takes something out of what an idle connection does not need.
    fn take_busy<T>(&self, part: impl FnOnce(&mut Busy) -> &mut Option<T>) -> Option<T> {
        self.busy.with(|busy| part(busy.as_mut()?).take())
    }

    /// The one way into user code: nothing of this connection is borrowed
    /// while the protocol runs, and what it is owed is settled right after.
    fn call<R>(&self, callback: impl FnOnce(&mut dyn Protocol) -> R) -> Option<R> {
        let protocol = self.protocol.get()?;
        let guard = PanicGuard(self);
        let result = {
            let _entered = self.span.enter();
            callback(&mut *borrow(&protocol))
        };
        std::mem::forget(guard);
        drop(protocol);
        self.engine.settle();
        Some(result)
    }

    /// So many bytes were received.
    #[inline]
    fn count_received(&self, engine: &Engine, count: usize) {
        engine.counters().received(count);
        self.span.received(count);
    }

    /// So many bytes were sent.
    #[inline]
    fn count_sent(&self, count: u64) {
        self.engine.counters().sent(count);
        self.span.sent(count);
    }

    /// What the connection waits for now. Reading that was paused stays armed
    /// until an event shows that it matters.
    fn update_interest(&self) {
        let mut want = Interest::empty();
        want.set(Interest::READ, self.may_read());
        want.set(Interest::WRITE, self.wants_write());
        self.engine.want(self.key.get(), want);
    }
}

/// Ends a connection when a callback of its protocol panics, as an error would
/// (line E15): nobody can tell what the protocol has missed.
struct PanicGuard<'a, S: StreamIo>(&'a Stream<S>);

impl<S: StreamIo> Drop for PanicGuard<'_, S> {
    fn drop(&mut self) {
        self.0.fail(Some(io::Error::other(
            "a callback of the protocol panicked",
        )));
    }
}

/// Borrows a protocol for a callback.
///
/// # Panics
///
/// If its user holds a guard on it: that is a bug of his, and waiting for the
/// guard would call him out of order.
pub(crate) fn borrow(protocol: &SharedProtocol) -> std::cell::RefMut<'_, dyn Protocol> {
    let Ok(guard) = protocol.try_borrow_mut() else {
        panic!(
            "a protocol was borrowed while its connection had to call it; do not hold a \
             guard on it across an await (clippy::await_holding_refcell_ref)"
        );
    };
    guard
}

impl<S: StreamIo> Watched for Stream<S> {
    fn role(&self) -> Role {
        Role::Transport
    }

    fn arm(&self, change: Change) -> io::Result<()> {
        self.with_io(|io| io.arm(&self.engine, change))
            .unwrap_or(Ok(()))
    }

    fn ready(&self, engine: &Engine, ready: Readiness) {
        if ready.contains(Readiness::READ) {
            if !self.may_read() {
                self.update_interest();
            } else if S::READS {
                self.read_ready(engine);
            } else {
                self.reader_left();
            }
        }
        if ready.contains(Readiness::WRITE) {
            engine.settle();
            self.write_ready();
        }
    }

    fn done(&self, result: io::Result<u64>) {
        if let Ok(count) = result {
            self.count_sent(count);
        }
        self.transfer_done(result);
    }

    fn in_flight(&self) -> bool {
        self.transfer_in_flight()
    }

    fn refused(&self, error: io::Error) {
        self.fail(Some(error));
    }

    fn lost(&self) {
        self.finish();
    }

    fn later(&self) {
        self.go_on();
    }

    fn settle(&self) -> bool {
        self.settle_flow()
    }

    fn shut_down(&self) {
        self.abort_now();
    }

    #[cfg(feature = "debug")]
    fn name(&self) -> Option<String> {
        Some(match self.names.peername() {
            Some(peer) => format!("the connection to {peer}"),
            None => "the connection to a peer without a name".to_owned(),
        })
    }

    #[cfg(feature = "debug")]
    fn is_open(&self) -> bool {
        !self.has(Flags::ENDING)
    }

    fn abandon(&self) {
        self.let_go();
    }

    fn client_of(self: Rc<Self>, server: &Rc<Clients>) -> Option<Rc<dyn Transport>> {
        let accepted = self.server.as_ref()?;
        Rc::ptr_eq(accepted, server).then_some(self as Rc<dyn Transport>)
    }
}

impl<S: StreamIo> LendSocket for Stream<S> {
    fn lend_socket(&self, lend: &mut dyn FnMut(&Socket)) {
        self.with_io(|io| io.with_socket(lend));
    }
}
