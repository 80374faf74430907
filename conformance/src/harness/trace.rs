//! What callbacks leave behind, in their order.

use std::cell::RefCell;
use std::fmt::Debug;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// A list that callbacks write to, and that a case can wait for; shared.
pub(crate) struct Trace<T>(Rc<RefCell<State<T>>>);

struct State<T> {
    marks: Vec<T>,
    waiters: Vec<Waker>,
}

impl<T> Clone for Trace<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T: Copy + PartialEq + 'static> Trace<T> {
    pub(crate) fn new() -> Self {
        Self(Rc::new(RefCell::new(State {
            marks: Vec::new(),
            waiters: Vec::new(),
        })))
    }

    pub(crate) fn mark(&self, mark: T) {
        let waiters = {
            let mut state = self.0.borrow_mut();
            state.marks.push(mark);
            std::mem::take(&mut state.waiters)
        };
        for waiter in waiters {
            waiter.wake();
        }
    }

    /// A callback that leaves a mark each time.
    pub(crate) fn marking(&self, mark: T) -> impl FnMut() + 'static {
        let trace = self.clone();
        move || trace.mark(mark)
    }

    /// Every mark so far.
    pub(crate) fn marks(&self) -> Vec<T> {
        self.0.borrow().marks.clone()
    }

    /// How often a mark was left.
    pub(crate) fn count(&self, mark: T) -> usize {
        let state = self.0.borrow();
        state.marks.iter().filter(|other| **other == mark).count()
    }

    /// Checks that there is no mark.
    #[track_caller]
    pub(crate) fn stays_silent(&self)
    where
        T: Debug,
    {
        assert!(self.marks().is_empty(), "called: {:?}", self.marks());
    }

    /// Forgets every mark.
    pub(crate) fn clear(&self) {
        self.0.borrow_mut().marks.clear();
    }

    /// Waits until a mark has been left so often.
    pub(crate) async fn until(&self, mark: T, times: usize) {
        poll_fn(|cx| {
            if self.count(mark) >= times {
                return Poll::Ready(());
            }
            self.0.borrow_mut().waiters.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
