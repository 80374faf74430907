//! A file to be sent, as its sender holds it.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

use super::{FileSource, SendFileError, SendFileErrorKind, SendFileOptions};
use crate::transport::Transport;

/// A file to be sent over a transport: what
/// [`Transport::poll_send_file`] works on.
///
/// Dropping a job that is under way [cancels](Self::cancel) it.
pub struct FileJob(State);

enum State {
    Fresh(FileSource, SendFileOptions),
    Running(Rc<Ticket>),
    Over,
}

impl FileJob {
    /// A job that has not begun.
    #[inline]
    pub fn new(file: impl Into<FileSource>, options: SendFileOptions) -> Self {
        Self(State::Fresh(file.into(), options))
    }

    /// Sends the file: the future of
    /// [`EventLoop::sendfile`](crate::EventLoop::sendfile).
    #[inline]
    pub fn send(self, transport: &Rc<dyn Transport>) -> SendFileFuture {
        SendFileFuture {
            transport: Rc::clone(transport),
            job: self,
        }
    }

    /// Takes out what is to be sent, for a transport of one's own. None if the
    /// job has begun.
    #[inline]
    pub fn take(&mut self) -> Option<(FileSource, SendFileOptions)> {
        match std::mem::replace(&mut self.0, State::Over) {
            State::Fresh(file, options) => Some((file, options)),
            other => {
                self.0 = other;
                None
            }
        }
    }

    /// Gives the job up, and returns how many bytes had left. The transport
    /// can be written to again (line A68), and the file position is set
    /// (line A36); where the kernel or another thread still works on the file,
    /// both follow as soon as that has ended.
    pub fn cancel(&mut self) -> u64 {
        match std::mem::replace(&mut self.0, State::Over) {
            State::Running(ticket) => ticket.cancel(),
            State::Fresh(..) | State::Over => 0,
        }
    }

    /// The job has begun, and its sender waits with this.
    pub(crate) fn begin(&mut self, ticket: Rc<Ticket>) {
        self.0 = State::Running(ticket);
    }

    /// Asks a job that has begun.
    #[inline]
    pub(crate) fn poll_running(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Option<Poll<Result<u64, SendFileError>>> {
        let State::Running(ticket) = &self.0 else {
            return None;
        };
        let poll = ticket.poll(cx);
        if poll.is_ready() {
            self.0 = State::Over;
        }
        Some(poll)
    }
}

impl Drop for FileJob {
    #[inline]
    fn drop(&mut self) {
        if let State::Running(_) = &self.0 {
            self.cancel();
        }
    }
}

impl fmt::Debug for FileJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.0 {
            State::Fresh(..) => "fresh",
            State::Running(_) => "running",
            State::Over => "over",
        };
        f.debug_tuple("FileJob").field(&state).finish()
    }
}

/// A file on its way: a future of how many bytes have left. Dropping it
/// cancels the job.
#[must_use = "nothing is sent until the future is awaited"]
pub struct SendFileFuture {
    transport: Rc<dyn Transport>,
    job: FileJob,
}

impl Future for SendFileFuture {
    type Output = Result<u64, SendFileError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        this.transport.poll_send_file(cx, &mut this.job)
    }
}

impl fmt::Debug for SendFileFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendFileFuture")
            .field("job", &self.job)
            .finish_non_exhaustive()
    }
}

/// Where a job runs.
pub(crate) trait Cancel {
    /// Gives a job up.
    fn cancel_transfer(&self, ticket: &Rc<Ticket>);
}

/// What a job and the transport that carries it share.
pub(crate) struct Ticket {
    carrier: Weak<dyn Cancel>,
    sent: Cell<u64>,
    cancelled: Cell<bool>,
    result: RefCell<Option<Result<(), SendFileErrorKind>>>,
    waker: RefCell<Option<Waker>>,
}

impl Ticket {
    pub(crate) fn new(carrier: Weak<dyn Cancel>, waker: &Waker) -> Rc<Self> {
        Rc::new(Self {
            carrier,
            sent: Cell::new(0),
            cancelled: Cell::new(false),
            result: RefCell::new(None),
            waker: RefCell::new(Some(waker.clone())),
        })
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }

    pub(crate) fn set_sent(&self, sent: u64) {
        self.sent.set(sent);
    }

    pub(crate) fn finish(&self, result: Result<(), SendFileErrorKind>) {
        self.result.replace(Some(result));
        let waker = self.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<u64, SendFileError>> {
        let sent = self.sent.get();
        if let Some(result) = self.result.take() {
            return Poll::Ready(match result {
                Ok(()) => Ok(sent),
                Err(kind) => Err(SendFileError::new(kind, sent)),
            });
        }
        let old = self.waker.replace(Some(cx.waker().clone()));
        drop(old);
        Poll::Pending
    }

    fn cancel(self: &Rc<Self>) -> u64 {
        if self.result.borrow().is_none() {
            self.cancelled.set(true);
            if let Some(carrier) = self.carrier.upgrade() {
                carrier.cancel_transfer(self);
            }
        }
        self.sent.get()
    }
}
