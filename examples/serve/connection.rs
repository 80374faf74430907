//! One connection: what it has received, what it waits for, and until when.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use loopline::{EventLoop, EventLoopExt, TimerHandle, Transport};

use crate::http::{self, MAX_HEAD, Request, Status};
use crate::server::Shared;

/// With so many bytes waiting to be parsed, reading pauses. More than one head,
/// so that a head that is too long is seen as such.
const ENOUGH: usize = 2 * MAX_HEAD;
/// An idle connection keeps no larger buffer.
const SMALL: usize = 4096;
/// For how long a client has to close its end after the last response.
const LINGER: Duration = Duration::from_secs(2);

/// What a connection is at.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Waiting for the next request or the rest of it, since then.
    Waiting(Instant),
    /// A response is being made or sent. However slowly the client takes it,
    /// it costs the others nothing.
    Responding,
    /// The last response has been sent. What still comes is read and dropped:
    /// closing over unread bytes would reset the connection, and the client
    /// could lose the response.
    Lingering(Instant),
}

/// What a request is followed by.
pub(crate) enum Next {
    Request(Request),
    /// The answer to something that no request can be read from; the last one.
    Refuse(Status),
    /// No further request.
    End,
}

/// One connection, as its session and its protocol share it.
pub(crate) struct Connection {
    pub(crate) transport: Rc<dyn Transport>,
    shared: Rc<Shared>,
    phase: Cell<Phase>,
    input: RefCell<BytesMut>,
    /// The input may hold a whole head that was not looked for yet.
    unparsed: Cell<bool>,
    /// So many bytes of a body are to be skipped before the next head.
    skip: Cell<u64>,
    /// The kernel has no room for what was written.
    full: Cell<bool>,
    ended: Cell<bool>,
    lost: Cell<bool>,
    timed_out: Cell<bool>,
    timer: RefCell<Option<TimerHandle>>,
    session: Cell<Option<Waker>>,
}

impl Connection {
    pub(crate) fn begin(shared: &Rc<Shared>, transport: &Rc<dyn Transport>) -> Rc<Self> {
        let now = shared.event_loop.time();
        let connection = Rc::new(Self {
            transport: Rc::clone(transport),
            phase: Cell::new(Phase::Waiting(now)),
            shared: Rc::clone(shared),
            input: RefCell::default(),
            unparsed: Cell::new(false),
            skip: Cell::new(0),
            full: Cell::new(false),
            ended: Cell::new(false),
            lost: Cell::new(false),
            timed_out: Cell::new(false),
            timer: RefCell::new(None),
            session: Cell::new(None),
        });
        connection.look_again(now + shared.idle_timeout);
        connection
    }

    /// Has the session look again.
    pub(crate) fn wake(&self) {
        if let Some(session) = self.session.take() {
            session.wake();
        }
    }

    /// The next request, when it is there.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Next> {
        if self.lost.get() || self.shared.is_stopping() {
            return Poll::Ready(Next::End);
        }
        if let Some(next) = self.parse() {
            self.phase.set(Phase::Responding);
            self.timed_out.set(false);
            return Poll::Ready(next);
        }
        if self.ended.get() {
            return Poll::Ready(Next::End);
        }
        if self.timed_out.get() {
            // Who has sent nothing waits for nothing.
            let begun = !self.input.borrow().is_empty() || self.skip.get() > 0;
            self.phase.set(Phase::Responding);
            return Poll::Ready(if begun {
                Next::Refuse(Status::REQUEST_TIMEOUT)
            } else {
                Next::End
            });
        }
        if matches!(self.phase.get(), Phase::Responding) {
            self.phase
                .set(Phase::Waiting(self.shared.event_loop.time()));
        }
        self.session.set(Some(cx.waker().clone()));
        Poll::Pending
    }

    fn parse(&self) -> Option<Next> {
        if !self.unparsed.take() {
            return None;
        }
        let input = &mut *self.input.borrow_mut();
        self.skip_body(input);
        let next = match http::parse(input) {
            Ok(None) => None,
            Ok(Some((request, length))) => {
                input.advance(length);
                self.skip.set(request.body);
                self.unparsed.set(!input.is_empty());
                Some(Next::Request(request))
            }
            Err(status) => Some(Next::Refuse(status)),
        };
        if input.is_empty() && input.capacity() > SMALL {
            *input = BytesMut::new();
        }
        if input.len() < ENOUGH {
            self.transport.resume_reading();
        }
        next
    }

    fn skip_body(&self, input: &mut BytesMut) {
        let there = input.len() as u64;
        let skipped = self.skip.get().min(there);
        self.skip.set(self.skip.get() - skipped);
        // No more than `there`, which is a `usize`.
        input.advance(usize::try_from(skipped).unwrap_or(input.len()));
    }

    /// Ready as soon as the kernel has room for what was written.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.full.get() || self.lost.get() {
            return Poll::Ready(());
        }
        self.session.set(Some(cx.waker().clone()));
        Poll::Pending
    }

    /// Ends the connection after what was written; the client is to close its
    /// end first, if it does so soon.
    pub(crate) fn finish(self: &Rc<Self>) {
        let all_read = self.ended.get() || self.lost.get();
        if all_read || self.transport.write_eof().is_err() {
            self.transport.close();
            return;
        }
        let now = self.shared.event_loop.time();
        self.phase.set(Phase::Lingering(now));
        self.look_again(now + LINGER);
        self.input.replace(BytesMut::new());
        self.transport.resume_reading();
    }

    /// Takes what the client has sent.
    pub(crate) fn receive(&self, data: &[u8]) {
        match self.phase.get() {
            Phase::Lingering(_) => return,
            Phase::Waiting(_) if self.input.borrow().is_empty() => {
                // The time for this request begins now.
                self.phase
                    .set(Phase::Waiting(self.shared.event_loop.time()));
            }
            Phase::Waiting(_) | Phase::Responding => {}
        }
        let waiting = {
            let mut input = self.input.borrow_mut();
            input.extend_from_slice(data);
            input.len()
        };
        // A head ends with a line; looking for one after each byte of a client
        // that dribbles would be a waste.
        if self.skip.get() > 0 || waiting > MAX_HEAD || data.contains(&b'\n') {
            self.unparsed.set(true);
        }
        if waiting >= ENOUGH {
            self.transport.pause_reading();
        }
        if self.unparsed.get() {
            self.wake();
        }
    }

    /// The client sends no more. Answers whether there may be something left
    /// to send to it, over a connection that can be half open.
    pub(crate) fn end_input(&self) -> bool {
        self.ended.set(true);
        self.wake();
        !matches!(self.phase.get(), Phase::Lingering(_)) && self.transport.can_write_eof()
    }

    /// Whether the kernel has no room for more.
    pub(crate) fn set_full(&self, full: bool) {
        self.full.set(full);
        if !full {
            self.wake();
        }
    }

    /// The connection is gone.
    pub(crate) fn lose(&self) {
        self.lost.set(true);
        if let Some(timer) = self.timer.take() {
            timer.cancel();
        }
        self.wake();
    }

    /// Sets the timer. There is one a connection, which is set again when it
    /// rings: setting one for each request would cost more than its precision
    /// is worth.
    fn look_again(self: &Rc<Self>, when: Instant) {
        let connection = Rc::downgrade(self);
        let ring = move || {
            if let Some(connection) = connection.upgrade() {
                connection.check_time();
            }
        };
        // A loop that is closed has no connections to look after.
        let timer = self.shared.event_loop.call_at(when, ring).ok();
        if let Some(before) = self.timer.replace(timer) {
            before.cancel();
        }
    }

    fn check_time(self: &Rc<Self>) {
        let now = self.shared.event_loop.time();
        let (since, limit) = match self.phase.get() {
            Phase::Responding => (now, self.shared.idle_timeout),
            Phase::Waiting(since) => (since, self.shared.idle_timeout),
            Phase::Lingering(since) => (since, LINGER),
        };
        if since + limit > now {
            self.look_again(since + limit);
        } else if let Phase::Lingering(_) = self.phase.get() {
            self.transport.close();
        } else {
            self.timed_out.set(true);
            self.wake();
            self.look_again(now + self.shared.idle_timeout);
        }
    }
}
