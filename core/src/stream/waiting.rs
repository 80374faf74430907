//! Who waits for a stream.

use std::task::{Context, Waker};

/// A task that waits for one direction of a stream.
///
/// It is woken from callbacks of a protocol that is borrowed meanwhile: so its
/// waker is called there, and replaced or dropped elsewhere, since what a foreign
/// waker drops may be a stream.
#[derive(Default)]
pub(super) struct Waiting {
    waker: Option<Waker>,
    is_due: bool,
}

impl Waiting {
    /// The task of this context waits from now on. What is returned is to be
    /// dropped once the protocol is free.
    pub(super) fn wait(&mut self, cx: &Context<'_>) -> Option<Waker> {
        self.is_due = true;
        match &self.waker {
            Some(waker) if waker.will_wake(cx.waker()) => None,
            _ => self.waker.replace(cx.waker().clone()),
        }
    }

    /// Wakes it once.
    pub(super) fn wake(&mut self) {
        if std::mem::take(&mut self.is_due) {
            if let Some(waker) = &self.waker {
                waker.wake_by_ref();
            }
        }
    }
}
