//! Waiting for a task, and cancelling it.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use thiserror::Error;

use super::TaskWaker;

/// Why a task has no result.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum JoinError {
    /// It was cancelled, or its loop was closed.
    #[error("the task was cancelled")]
    Cancelled,
    /// It was not begun: the loop takes no more calls that block (line E18).
    #[error("the executor was shut down")]
    ExecutorShutDown,
    /// It panicked; the panic has left the loop's `run_*` call.
    #[error("the task panicked")]
    Panicked,
}

/// How a task has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Completed,
    Cancelled,
    Refused,
    Panicked,
}

pub(super) type BoxFuture = Pin<Box<dyn Future<Output = ()>>>;

/// What a task and its handle share.
pub(super) struct TaskState {
    /// None while it is being polled, and once it has ended.
    future: Cell<Option<BoxFuture>>,
    /// None if it was never begun.
    waker: Option<TaskWaker>,
    cancelled: Cell<bool>,
    end: Cell<Option<End>>,
    joiner: RefCell<Option<Waker>>,
}

impl TaskState {
    pub(super) fn begun(future: BoxFuture, waker: TaskWaker) -> Rc<Self> {
        Self::new(Some(future), Some(waker), None)
    }

    pub(super) fn ended(end: End) -> Rc<Self> {
        Self::new(None, None, Some(end))
    }

    fn new(future: Option<BoxFuture>, waker: Option<TaskWaker>, end: Option<End>) -> Rc<Self> {
        Rc::new(Self {
            future: Cell::new(future),
            waker,
            cancelled: Cell::new(false),
            end: Cell::new(end),
            joiner: RefCell::new(None),
        })
    }

    /// Takes the future, to poll it or to drop it.
    #[inline]
    pub(super) fn take_future(&self) -> Option<BoxFuture> {
        self.future.take()
    }

    #[inline]
    pub(super) fn put_future(&self, future: BoxFuture) {
        self.future.set(Some(future));
    }

    #[inline]
    pub(super) fn waker(&self) -> Option<&TaskWaker> {
        self.waker.as_ref()
    }

    pub(super) fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }

    pub(super) fn finish(&self, end: End) {
        self.end.set(Some(end));
        let joiner = self.joiner.take();
        if let Some(joiner) = joiner {
            joiner.wake();
        }
    }
}

/// A task without a result: see [`JoinHandle`].
pub struct TaskHandle(Rc<TaskState>);

impl TaskHandle {
    pub(super) fn new(state: Rc<TaskState>) -> Self {
        Self(state)
    }

    /// Ends the task: its future is dropped in the next turn, wherever it
    /// waits. Without effect if the task has ended.
    pub fn cancel(&self) {
        if self.is_finished() {
            return;
        }
        self.0.cancelled.set(true);
        self.0.wake();
    }

    /// Whether the task has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.0.end.get().is_some()
    }
}

impl Future for TaskHandle {
    type Output = Result<(), JoinError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0.end.get() {
            Some(End::Completed) => Poll::Ready(Ok(())),
            Some(End::Cancelled) => Poll::Ready(Err(JoinError::Cancelled)),
            Some(End::Refused) => Poll::Ready(Err(JoinError::ExecutorShutDown)),
            Some(End::Panicked) => Poll::Ready(Err(JoinError::Panicked)),
            None => {
                let old = self.0.joiner.replace(Some(context.waker().clone()));
                drop(old);
                Poll::Pending
            }
        }
    }
}

impl fmt::Debug for TaskHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskHandle")
            .field("finished", &self.is_finished())
            .finish()
    }
}

/// A task that was begun by [`spawn`](crate::EventLoopExt::spawn): a future of
/// its result.
///
/// Dropping the handle lets the task go on.
pub struct JoinHandle<T> {
    task: TaskHandle,
    result: Rc<Cell<Option<T>>>,
}

impl<T: 'static> JoinHandle<T> {
    pub(crate) fn start(
        future: impl Future<Output = T> + 'static,
        spawn: impl FnOnce(Pin<Box<dyn Future<Output = ()>>>) -> TaskHandle,
    ) -> Self {
        let result = Rc::new(Cell::new(None));
        let place = Rc::clone(&result);
        let task = spawn(Box::pin(async move { place.set(Some(future.await)) }));
        Self { task, result }
    }

    /// A task that was not begun.
    pub(crate) fn refused() -> Self {
        Self {
            task: TaskHandle::new(TaskState::ended(End::Refused)),
            result: Rc::default(),
        }
    }
}

impl<T> JoinHandle<T> {
    /// Ends the task: its future is dropped in the next turn, wherever it
    /// waits. Without effect if the task has ended.
    pub fn cancel(&self) {
        self.task.cancel();
    }

    /// Whether the task has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match Pin::new(&mut self.task).poll(context) {
            // Polled again after it was ready: the result is gone.
            Poll::Ready(Ok(())) => Poll::Ready(self.result.take().ok_or(JoinError::Cancelled)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("finished", &self.is_finished())
            .finish()
    }
}
