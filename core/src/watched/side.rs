//! One direction of a watched descriptor, and who waits for it.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::state::State;
use crate::backend::Interest;

/// One direction.
#[derive(Default)]
pub(super) struct Side {
    /// How often it was ready.
    events: Cell<u64>,
    wakers: RefCell<Vec<Waker>>,
}

impl Side {
    pub(super) fn is_awaited(&self) -> bool {
        !self.wakers.borrow().is_empty()
    }

    /// It is ready: whoever waits by now goes on.
    pub(super) fn is_ready(&self) {
        self.events.set(self.events.get() + 1);
        self.wake();
    }

    pub(super) fn wake(&self) {
        // The list is empty while foreign code runs, and kept for the next.
        let mut wakers = self.wakers.take();
        for waker in wakers.drain(..) {
            waker.wake();
        }
        let mut place = self.wakers.borrow_mut();
        if place.capacity() == 0 {
            *place = wakers;
        }
    }

    fn wait(&self, waker: &Waker) {
        let known = |other: &Waker| other.will_wake(waker);
        if !self.wakers.borrow().iter().any(known) {
            let waker = waker.clone();
            self.wakers.borrow_mut().push(waker);
        }
    }
}

/// Waits for one direction.
pub(super) struct Ready<'a, T> {
    state: &'a State<T>,
    direction: Interest,
    /// How often it had been ready before.
    since: Option<u64>,
}

impl<'a, T> Ready<'a, T> {
    pub(super) fn new(state: &'a State<T>, direction: Interest) -> Self {
        Self {
            state,
            direction,
            since: None,
        }
    }
}

impl<T> Future for Ready<'_, T> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let state = self.state;
        let side = state.side(self.direction);
        let events = side.events.get();
        let since = *self.since.get_or_insert(events);
        if events != since {
            return Poll::Ready(Ok(()));
        }
        if let Some(error) = state.failure() {
            return Poll::Ready(Err(error));
        }
        side.wait(cx.waker());
        state.want(self.direction);
        Poll::Pending
    }
}
