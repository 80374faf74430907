//! Sending a file over a connection, whatever kind that is.
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

use std::io;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

use super::active::{Active, Attempt, Waits};
use super::panic::Panic;
use super::{
    Cancel, Chunk, ChunkRead, FileJob, SendFileError, SendFileErrorKind as Kind, Step, Ticket,
    Transfer,
};
use crate::engine::Engine;
use crate::transport::{Address, copy_error};

/// A connection that sends files: what is its own about it, and what all have
/// in common.
pub(crate) trait Carrier: Sized + 'static {
    fn this(&self) -> &Weak<Self>;

    fn engine(&self) -> &Rc<Engine>;

    /// Where the file goes to.
    fn peer(&self) -> Option<Address>;

    /// Why no file can be sent now.
    fn check_sending(&self) -> Result<(), Kind>;

    /// While a file is being sent, writes are refused and nothing is read
    /// (lines A42, A50).
    fn guard(&self, on: bool);

    /// Whether what was written before has left (line A41).
    fn is_drained(&self) -> bool;

    /// Whether the connection is ending, so that no file is.
    fn is_ending(&self) -> bool;

    /// Makes one attempt. None if the connection is gone.
    fn send_some(&self, transfer: &mut Transfer) -> Option<Step>;

    fn take_active(&self) -> Option<Active>;

    fn put_active(&self, active: Active);

    /// Asks the kernel to give up the job that it has.
    fn cancel_in_flight(&self);

    /// A file waits, or has ceased to: what the connection waits for has
    /// changed.
    fn rearm(&self);

    /// The guard is lifted: reading, flow control and whatever had to wait go
    /// on, or the connection ends, because it failed or was ending.
    fn after_transfer(&self, failure: Option<io::Error>);

    #[inline]
    fn poll_transfer(
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
        if let Err(kind) = self.check_sending() {
            return refuse(kind);
        }
        if let Err(kind) = Transfer::check(&options) {
            return refuse(kind);
        }
        let mut transfer = Transfer::new(file, options);
        transfer.goes_to(|| self.peer());
        self.guard(true);
        let attempt = if self.is_drained() {
            self.attempt(&mut transfer, None)
        } else {
            Attempt::waiting()
        };
        let waits = match attempt.step {
            None => Waits::Draining,
            Some(Step::Writable) => Waits::Writable,
            Some(Step::Read) => Waits::Reading,
            Some(Step::InFlight) => Waits::InFlight,
            Some(Step::Finished(result)) => {
                let sent = transfer.sent();
                let result = if result.is_ok() && !transfer.is_watched() {
                    // Nothing has waited, and nobody was called who could have
                    // changed anything: the connection goes on as it is.
                    self.give_back(&mut transfer, None)
                } else {
                    self.end_transfer(transfer, result)
                };
                attempt.panic.go_on();
                return Poll::Ready(
                    result
                        .map(|()| sent)
                        .map_err(|kind| SendFileError::new(kind, sent)),
                );
            }
        };
        let this: Weak<dyn Cancel> = Weak::clone(self.this()) as Weak<dyn Cancel>;
        let ticket = Ticket::new(this, cx.waker());
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
    /// meanwhile ends the transfer, unless that has ended itself. A small file
    /// needs no other: so its result stays in registers.
    #[inline(always)]
    fn attempt(&self, transfer: &mut Transfer, ticket: Option<&Ticket>) -> Attempt {
        let step = self.send_some(transfer);
        if let Some(ticket) = ticket {
            ticket.set_sent(transfer.sent());
        }
        let panic = if transfer.is_watched() {
            Panic::of(|| transfer.report())
        } else {
            Panic::none()
        };
        let step = match step {
            Some(Step::InFlight) => Step::InFlight,
            _ if panic.is_some() => Step::Finished(Err(Kind::Panicked)),
            Some(Step::Finished(result)) => Step::Finished(result),
            Some(step) if !self.is_ending() => step,
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
            active.transfer.read(self.engine())
        } else {
            None
        };
        let ticket = Rc::clone(&active.ticket);
        self.put_active(active);
        if let Some(read) = read {
            self.read_elsewhere(Rc::clone(&ticket), read);
        }
        if panic.is_some() {
            self.abandon_transfer(Kind::Panicked);
        } else if ticket.is_cancelled() || self.is_ending() {
            // The user ended it from inside the report, and the kernel has the
            // job by now.
            self.abandon_transfer(Kind::Aborted);
        }
        self.rearm();
        panic.go_on();
    }

    /// Takes the transfer if it waits for `waits`.
    fn take_waiting(&self, waits: Waits) -> Option<Active> {
        let active = self.take_active()?;
        if active.waits == waits {
            return Some(active);
        }
        self.put_active(active);
        None
    }

    /// The connection takes data, and what was written before has left.
    fn transfer_ready(&self) {
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
    fn end_transfer(&self, mut transfer: Transfer, result: Result<(), Kind>) -> Result<(), Kind> {
        let settled = self.give_back(&mut transfer, result.as_ref().err());
        drop(transfer);
        let failure = match &result {
            Err(Kind::Connection(error)) => Some(copy_error(error)),
            _ => None,
        };
        self.after_transfer(failure);
        result.and(settled)
    }

    /// Lifts the guard, and gives the file and the buffer back.
    #[inline(always)]
    fn give_back(&self, transfer: &mut Transfer, error: Option<&Kind>) -> Result<(), Kind> {
        self.guard(false);
        let settled = transfer.settle(error);
        transfer.release(self.engine());
        settled.map_err(Kind::File)
    }

    /// Gives a transfer up because the connection ends. One in flight keeps
    /// the connection until the kernel has let go of it.
    fn abandon_transfer(&self, kind: Kind) {
        let Some(mut active) = self.take_active() else {
            // Without one, the flag says that one is being attempted further
            // up the stack: that call sees how the connection stands.
            return;
        };
        if active.waits == Waits::InFlight {
            active.ended.get_or_insert(kind);
            self.put_active(active);
            self.cancel_in_flight();
            return;
        }
        self.guard(false);
        // The reason of the end counts more than a position that cannot be
        // set.
        let _ = active.transfer.settle(Some(&kind));
        active.ticket.finish(Err(kind));
    }

    /// A job in flight has ended.
    fn transfer_done(&self, result: io::Result<u64>) {
        let Some(mut active) = self.take_waiting(Waits::InFlight) else {
            return;
        };
        let ended = active.transfer.done(result);
        active.ticket.set_sent(active.transfer.sent());
        let panic = Panic::of(|| active.transfer.report());
        // The user may have ended it from inside the report.
        let given_up = active.ticket.is_cancelled() || self.is_ending();
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
    fn forget_transfer(&self) {
        self.abandon_transfer(Kind::LoopClosed);
        if let Some(active) = self.take_active() {
            self.guard(false);
            let _ = active.transfer.settle(Some(&Kind::LoopClosed));
            active.ticket.finish(Err(Kind::LoopClosed));
        }
    }

    /// Reads a chunk on another thread, and goes on with it.
    fn read_elsewhere(&self, ticket: Rc<Ticket>, read: ChunkRead) {
        let this = Weak::clone(self.this());
        let task = async move {
            let chunk = read.await;
            if let Some(stream) = this.upgrade() {
                stream.chunk_read(&ticket, chunk);
            }
        };
        drop(crate::task::spawn(self.engine(), Box::pin(task)));
    }

    fn chunk_read(&self, ticket: &Rc<Ticket>, chunk: Chunk) {
        let Some(mut active) = self.take_waiting(Waits::Reading) else {
            return;
        };
        if !Rc::ptr_eq(&active.ticket, ticket) {
            self.put_active(active);
            return;
        }
        match active.transfer.restore(chunk) {
            Some(result) => self.conclude(active, result),
            None => self.go_on(active),
        }
        self.rearm();
    }
}

impl<C: Carrier> Cancel for C {
    fn cancel_transfer(&self, ticket: &Rc<Ticket>) {
        let Some(active) = self.take_active() else {
            return;
        };
        if !Rc::ptr_eq(&active.ticket, ticket) {
            self.put_active(active);
            return;
        }
        if active.waits == Waits::InFlight {
            self.put_active(active);
            self.abandon_transfer(Kind::Aborted);
            return;
        }
        self.conclude(active, Err(Kind::Aborted));
    }
}
