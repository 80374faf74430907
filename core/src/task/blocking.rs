//! Calls that block, on threads of their own.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::thread;

use crate::event_loop::{EventLoopExt, LoopHandle};

/// What asyncio's default executor has: `min(32, processors + 4)`.
fn default_threads() -> usize {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    (processors + 4).min(32)
}

/// How many calls of a loop may block at once, and who waits to begin.
///
/// The threads are those of the `blocking` crate, which come and go as they are
/// needed.
pub(crate) struct Workers {
    limit: Cell<usize>,
    busy: Cell<usize>,
    waiting: RefCell<VecDeque<Rc<Turn>>>,
    shut_down: Cell<bool>,
    idle: RefCell<Vec<Waker>>,
}

/// One call that waits for its turn.
#[derive(Default)]
struct Turn {
    come: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Default for Workers {
    fn default() -> Self {
        Self {
            limit: Cell::new(default_threads()),
            busy: Cell::new(0),
            waiting: RefCell::default(),
            shut_down: Cell::new(false),
            idle: RefCell::default(),
        }
    }
}

impl Workers {
    pub(crate) fn set_limit(&self, limit: usize) {
        self.limit.set(limit.max(1));
        self.admit();
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        self.shut_down.get()
    }

    /// Runs a call on a thread, once there is one. A panic of it goes on here.
    ///
    /// If the future is dropped, a call that has begun keeps its place until it
    /// has ended.
    pub(crate) async fn run<T: Send + 'static>(
        self: Rc<Self>,
        event_loop: LoopHandle,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        let place = Place::take(self).await;
        let call = || panic::catch_unwind(AssertUnwindSafe(call));
        let mut running = Running {
            event_loop,
            parts: Some((blocking::unblock(call), place)),
        };
        let ended = poll_fn(|cx| running.poll(cx)).await;
        ended.unwrap_or_else(|payload| panic::resume_unwind(payload))
    }

    /// Takes no more calls, and waits for those that there are.
    pub(crate) async fn shut_down(&self) {
        self.shut_down.set(true);
        poll_fn(|cx| {
            if self.busy.get() == 0 && self.waiting.borrow().is_empty() {
                return Poll::Ready(());
            }
            let mut idle = self.idle.borrow_mut();
            if !idle.iter().any(|waker| waker.will_wake(cx.waker())) {
                idle.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    /// Gives free places to those who have waited longest.
    fn admit(&self) {
        while self.busy.get() < self.limit.get() {
            let Some(turn) = self.waiting.borrow_mut().pop_front() else {
                break;
            };
            self.busy.set(self.busy.get() + 1);
            turn.come.set(true);
            let waker = turn.waker.take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
        if self.busy.get() == 0 {
            for waker in self.idle.take() {
                waker.wake();
            }
        }
    }
}

/// A call on its thread.
struct Running<T: Send + 'static> {
    event_loop: LoopHandle,
    /// None once it has ended.
    parts: Option<(blocking::Task<thread::Result<T>>, Place)>,
}

impl<T: Send + 'static> Running<T> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<thread::Result<T>> {
        let Some((task, _)) = &mut self.parts else {
            return Poll::Pending;
        };
        let ended = std::task::ready!(Pin::new(task).poll(cx));
        self.parts = None;
        Poll::Ready(ended)
    }
}

impl<T: Send + 'static> Drop for Running<T> {
    fn drop(&mut self) {
        if let Some((task, place)) = self.parts.take() {
            self.event_loop.spawn(async move {
                // Nobody is left to be told, not even of a panic.
                let _ = task.await;
                drop(place);
            });
        }
    }
}

/// A place among the calls that may block, or in the queue for one.
struct Place {
    workers: Rc<Workers>,
    turn: Rc<Turn>,
}

impl Place {
    async fn take(workers: Rc<Workers>) -> Self {
        let turn = Rc::<Turn>::default();
        workers.waiting.borrow_mut().push_back(Rc::clone(&turn));
        let place = Self { workers, turn };
        place.workers.admit();
        poll_fn(|cx| {
            if place.turn.come.get() {
                return Poll::Ready(());
            }
            let old = place.turn.waker.replace(Some(cx.waker().clone()));
            drop(old);
            Poll::Pending
        })
        .await;
        place
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.turn.come.get() {
            self.workers.busy.set(self.workers.busy.get() - 1);
        } else {
            let mut waiting = self.workers.waiting.borrow_mut();
            waiting.retain(|turn| !Rc::ptr_eq(turn, &self.turn));
        }
        self.workers.admit();
    }
}
