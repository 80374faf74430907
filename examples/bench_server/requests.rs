//! The requests of a connection.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

/// How long a request is, in bytes.
const LENGTH: usize = 8;

/// How many requests may wait before no more are read.
const ENOUGH: usize = 256;

/// A part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

impl Request {
    fn parse(bytes: [u8; LENGTH]) -> Self {
        let [a, b, c, d, e, f, g, h] = bytes;
        Self {
            offset: u32::from_le_bytes([a, b, c, d]).into(),
            length: u32::from_le_bytes([e, f, g, h]).into(),
        }
    }
}

/// What a client has asked for and not got yet.
#[derive(Default)]
pub(crate) struct Requests {
    waiting: RefCell<VecDeque<Request>>,
    /// The beginning of a request whose end has not come.
    begun: RefCell<Vec<u8>>,
    over: Cell<bool>,
    answering: RefCell<Option<Waker>>,
}

impl Requests {
    /// Takes what has come, cut wherever the network has cut it.
    pub(crate) fn feed(&self, data: &[u8]) {
        let mut begun = self.begun.borrow_mut();
        if begun.is_empty() && data.len() == LENGTH {
            self.push(data);
        } else {
            begun.extend_from_slice(data);
            let whole = begun.len() - begun.len() % LENGTH;
            begun[..whole]
                .chunks(LENGTH)
                .for_each(|each| self.push(each));
            begun.drain(..whole);
        }
        drop(begun);
        self.wake();
    }

    fn push(&self, bytes: &[u8]) {
        if let Ok(bytes) = bytes.try_into() {
            self.waiting.borrow_mut().push_back(Request::parse(bytes));
        }
    }

    /// Nothing more comes.
    pub(crate) fn end(&self) {
        self.over.set(true);
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = &*self.answering.borrow() {
            waker.wake_by_ref();
        }
    }

    /// The waker stays from one request to the next.
    fn wait(&self, waker: &Waker) {
        let mut answering = self.answering.borrow_mut();
        if !answering.as_ref().is_some_and(|task| task.will_wake(waker)) {
            *answering = Some(waker.clone());
        }
    }

    /// Whether enough of them wait.
    pub(crate) fn are_enough(&self) -> bool {
        self.waiting.borrow().len() >= ENOUGH
    }

    /// The next one; none once the client has gone.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Request>> {
        if self.over.get() {
            return Poll::Ready(None);
        }
        let next = self.waiting.borrow_mut().pop_front();
        if next.is_none() {
            self.wait(cx.waker());
            return Poll::Pending;
        }
        Poll::Ready(next)
    }
}
