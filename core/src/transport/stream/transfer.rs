//! Sending a file over a connection.
//!
//! ```text
//! DRAINING ──queue empty──▶ WRITABLE ◀──▶ READING     (fallback, cold file)
//!                              ▲  │
//!                              │  └──────▶ IN_FLIGHT  (the kernel completes)
//!                              └─────────────┘
//! ```
//!
//! The connection goes on by itself from event to event; whoever awaits the
//! end is woken once, at the end.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

use super::{Flags, Stream, close, socket_io};
use crate::backend::AsSource;
use crate::engine::Run;
use crate::send_file::{
    Carrier, Chunk, ChunkRead, FileJob, SendFileError, SendFileErrorKind as Kind, Step, Ticket,
    Transfer,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    /// For the write queue to become empty (line A41).
    Draining,
    /// For the socket.
    Writable,
    /// For another thread to read the file.
    Reading,
    /// For the kernel.
    InFlight,
}

/// A file that is on its way.
pub(super) struct Active {
    transfer: Transfer,
    ticket: Rc<Ticket>,
    waits: Waits,
    /// Set when the job was given up while the kernel works on it.
    ended: Option<Kind>,
}

/// What one attempt came to.
struct Attempt {
    /// None if none was made, because the write queue comes first.
    step: Option<Step>,
    panic: Panic,
}

impl Attempt {
    fn waiting() -> Self {
        Self {
            step: None,
            panic: Panic(None),
        }
    }
}

/// A panic of the user's, held back until the connection is in order.
struct Panic(Option<Box<dyn Any + Send>>);

impl Panic {
    fn of(user_code: impl FnOnce()) -> Self {
        Self(catch_unwind(AssertUnwindSafe(user_code)).err())
    }

    fn is_some(&self) -> bool {
        self.0.is_some()
    }

    fn go_on(self) {
        if let Some(payload) = self.0 {
            resume_unwind(payload);
        }
    }
}

impl Stream {
    pub(super) fn poll_transfer(
        &self,
        cx: &mut Context<'_>,
        job: &mut FileJob,
    ) -> Poll<Result<u64, SendFileError>> {
        match job.poll_running(cx) {
            Some(poll) => poll,
            None => self.begin_transfer(cx, job),
        }
    }

    /// Checks everything before anything is touched (line A21), and makes the
    /// first attempt.
    fn begin_transfer(
        &self,
        cx: &mut Context<'_>,
        job: &mut FileJob,
    ) -> Poll<Result<u64, SendFileError>> {
        let refuse = |kind| Poll::Ready(Err(SendFileError::new(kind, 0)));
        let Some((file, options)) = job.take() else {
            return refuse(Kind::Finished);
        };
        let flags = self.flags.get();
        if flags.intersects(Flags::CLOSING | Flags::ENDING) {
            return refuse(Kind::Closing);
        }
        if flags.contains(Flags::TRANSFER) {
            return refuse(Kind::InProgress);
        }
        if flags.contains(Flags::EOF_WRITTEN) {
            return refuse(Kind::EofWritten);
        }
        let mut transfer = match Transfer::new(file, options) {
            Ok(transfer) => transfer,
            Err(kind) => return refuse(kind),
        };
        self.set(Flags::TRANSFER);
        let attempt = if self.queued.get() > 0 {
            Attempt::waiting()
        } else {
            self.attempt(&mut transfer, None)
        };
        let waits = match attempt.step {
            None => Waits::Draining,
            Some(Step::Writable) => Waits::Writable,
            Some(Step::Read) => Waits::Reading,
            Some(Step::InFlight) => Waits::InFlight,
            Some(Step::Finished(result)) => {
                let sent = transfer.sent();
                let result = self.end_transfer(transfer, result);
                attempt.panic.go_on();
                return Poll::Ready(
                    result
                        .map(|()| sent)
                        .map_err(|kind| SendFileError::new(kind, sent)),
                );
            }
        };
        let carrier: Weak<dyn Carrier> = Weak::clone(&self.this) as Weak<dyn Carrier>;
        let ticket = Ticket::new(carrier, cx.waker());
        ticket.set_sent(transfer.sent());
        job.begin(Rc::clone(&ticket));
        self.park(
            Active {
                transfer,
                ticket,
                waits,
                ended: None,
            },
            attempt.panic,
        );
        Poll::Pending
    }

    /// One step, and its report to the user. A connection that he ends
    /// meanwhile ends the transfer, unless that has ended itself.
    fn attempt(&self, transfer: &mut Transfer, ticket: Option<&Ticket>) -> Attempt {
        let key = self.key.get();
        let step = self.with_socket(|socket| {
            let source = socket.as_source();
            transfer.step(&self.engine, key, source, &mut |data| {
                socket_io::send(socket, data)
            })
        });
        if let Some(ticket) = ticket {
            ticket.set_sent(transfer.sent());
        }
        let panic = Panic::of(|| transfer.report());
        let step = match step {
            Some(Step::InFlight) => Step::InFlight,
            _ if panic.is_some() => Step::Finished(Err(Kind::Panicked)),
            Some(Step::Finished(result)) => Step::Finished(result),
            Some(step) if !self.has(Flags::CLOSING | Flags::ENDING) => step,
            _ => Step::Finished(Err(Kind::Aborted)),
        };
        Attempt {
            step: Some(step),
            panic,
        }
    }

    /// Lets a transfer wait.
    fn park(&self, mut active: Active, panic: Panic) {
        let read = if active.waits == Waits::Reading {
            active.transfer.read()
        } else {
            None
        };
        let ticket = Rc::clone(&active.ticket);
        self.with_busy(|busy| busy.transfer = Some(active));
        if let Some(read) = read {
            self.read_elsewhere(Rc::clone(&ticket), read);
        }
        if panic.is_some() {
            self.abandon_transfer(Kind::Panicked);
        } else if ticket.is_cancelled() || self.has(Flags::CLOSING | Flags::ENDING) {
            // The user ended it from inside the report, and the kernel has the
            // job by now.
            self.abandon_transfer(Kind::Aborted);
        }
        self.update_interest();
        panic.go_on();
    }

    fn take_active(&self) -> Option<Active> {
        self.busy.borrow_mut().as_mut()?.transfer.take()
    }

    /// Takes the transfer if it waits for `waits`.
    fn take_waiting(&self, waits: Waits) -> Option<Active> {
        let active = self.take_active()?;
        if active.waits == waits {
            return Some(active);
        }
        self.with_busy(|busy| busy.transfer = Some(active));
        None
    }

    pub(super) fn transfer_wants_write(&self) -> bool {
        let busy = self.busy.borrow();
        let active = busy.as_ref().and_then(|busy| busy.transfer.as_ref());
        active.is_some_and(|active| active.waits == Waits::Writable)
    }

    /// The socket takes data, and the queue is empty.
    pub(super) fn transfer_ready(&self) {
        let active = self
            .take_waiting(Waits::Writable)
            .or_else(|| self.take_waiting(Waits::Draining));
        if let Some(active) = active {
            self.go_on(active);
        }
    }

    fn go_on(&self, mut active: Active) {
        let Attempt { step, panic } = self.attempt(&mut active.transfer, Some(&active.ticket));
        active.waits = match step {
            Some(Step::Finished(result)) => {
                self.conclude(active, result);
                return panic.go_on();
            }
            // The user has given it up while it was reporting to him.
            Some(Step::Writable | Step::Read) | None if active.ticket.is_cancelled() => {
                return self.conclude(active, Err(Kind::Aborted));
            }
            Some(Step::Writable) | None => Waits::Writable,
            Some(Step::Read) => Waits::Reading,
            Some(Step::InFlight) => Waits::InFlight,
        };
        self.park(active, panic);
    }

    fn conclude(&self, active: Active, result: Result<(), Kind>) {
        let Active {
            transfer, ticket, ..
        } = active;
        let result = self.end_transfer(transfer, result);
        ticket.finish(result);
    }

    /// Gives the connection back: position, reading, flow control, the end of
    /// the sending half, and the end of the connection if that was waiting.
    fn end_transfer(&self, transfer: Transfer, result: Result<(), Kind>) -> Result<(), Kind> {
        self.clear(Flags::TRANSFER);
        let settled = transfer.settle().map_err(Kind::File);
        drop(transfer);
        self.release_busy();
        let lost = match &result {
            Err(Kind::Connection(error)) => Some(close::copy(error)),
            _ => None,
        };
        if self.has(Flags::ENDING) {
            // It was queued neither by `fail` nor before: the kernel had
            // to let go of the socket first.
            self.engine.push(Run::Lost(self.key.get()));
        } else if lost.is_some() {
            self.fail(lost);
        } else if self.has(Flags::CLOSING) {
            self.end_after_flush();
        } else {
            self.update_interest();
            self.reflow();
            self.send_eof();
        }
        result.and(settled)
    }

    /// Gives a transfer up because the connection ends. One in flight keeps
    /// the connection until the kernel has let go of it.
    pub(super) fn abandon_transfer(&self, kind: Kind) {
        let Some(mut active) = self.take_active() else {
            // Without one, the flag says that one is being attempted further
            // up the stack: that call sees how the connection stands.
            return;
        };
        if active.waits == Waits::InFlight {
            active.ended.get_or_insert(kind);
            self.with_busy(|busy| busy.transfer = Some(active));
            let key = self.key.get();
            let _ = self.engine.with_backend(|backend| backend.cancel(key));
            return;
        }
        self.clear(Flags::TRANSFER);
        // The reason of the end counts more than a position that cannot be
        // set.
        let _ = active.transfer.settle();
        active.ticket.finish(Err(kind));
    }

    /// A job in flight has ended.
    pub(super) fn transfer_done(&self, result: io::Result<u64>) {
        let Some(mut active) = self.take_waiting(Waits::InFlight) else {
            return;
        };
        let ended = active.transfer.done(result);
        active.ticket.set_sent(active.transfer.sent());
        let panic = Panic::of(|| active.transfer.report());
        // The user may have ended it from inside the report.
        let given_up = active.ticket.is_cancelled() || self.has(Flags::CLOSING | Flags::ENDING);
        match (active.ended.take(), ended) {
            (Some(kind), _) => self.conclude(active, Err(kind)),
            _ if panic.is_some() => self.conclude(active, Err(Kind::Panicked)),
            (None, Some(result)) => self.conclude(active, result),
            (None, None) if given_up => self.conclude(active, Err(Kind::Aborted)),
            (None, None) => self.go_on(active),
        }
        panic.go_on();
    }

    /// The loop is closed, and takes no reports any more.
    pub(super) fn forget_transfer(&self) {
        self.abandon_transfer(Kind::LoopClosed);
        if let Some(active) = self.take_active() {
            self.clear(Flags::TRANSFER);
            let _ = active.transfer.settle();
            active.ticket.finish(Err(Kind::LoopClosed));
        }
    }

    /// Reads a chunk on another thread, and goes on with it.
    fn read_elsewhere(&self, ticket: Rc<Ticket>, read: ChunkRead) {
        let this = Weak::clone(&self.this);
        let task = async move {
            let chunk = read.await;
            if let Some(stream) = this.upgrade() {
                stream.chunk_read(&ticket, chunk);
            }
        };
        drop(crate::task::spawn(&self.engine, Box::pin(task)));
    }

    fn chunk_read(&self, ticket: &Rc<Ticket>, chunk: Chunk) {
        let awaited = self.busy.borrow().as_ref().is_some_and(|busy| {
            let active = busy.transfer.as_ref();
            active.is_some_and(|active| Rc::ptr_eq(&active.ticket, ticket))
        });
        let active = awaited.then(|| self.take_waiting(Waits::Reading)).flatten();
        let Some(mut active) = active else {
            return;
        };
        match active.transfer.restore(chunk) {
            Some(result) => self.conclude(active, result),
            None => self.go_on(active),
        }
        self.update_interest();
    }
}

impl Carrier for Stream {
    fn cancel_transfer(&self, ticket: &Rc<Ticket>) {
        let Some(active) = self.take_active() else {
            return;
        };
        if !Rc::ptr_eq(&active.ticket, ticket) {
            self.with_busy(|busy| busy.transfer = Some(active));
            return;
        }
        if active.waits == Waits::InFlight {
            self.with_busy(|busy| busy.transfer = Some(active));
            self.abandon_transfer(Kind::Aborted);
            return;
        }
        self.conclude(active, Err(Kind::Aborted));
    }
}
