//! How much is left to be done, for whoever counts and for whoever waits.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use crate::Fallible;

#[derive(Clone, Default)]
pub(super) struct Progress(Arc<Shared>);

#[derive(Default)]
struct Shared {
    missing: AtomicU64,
    client_gone: AtomicBool,
    waiting: Mutex<Option<Waker>>,
}

impl Progress {
    /// So much is to be done.
    pub(super) fn set(&self, missing: u64) {
        self.0.missing.store(missing, Ordering::Relaxed);
    }

    /// So much is done.
    pub(super) fn count(&self, done: u64) {
        let left = self.0.missing.load(Ordering::Relaxed).saturating_sub(done);
        self.0.missing.store(left, Ordering::Relaxed);
        if left == 0 {
            self.wake();
        }
    }

    /// A connection has ended, and with it the run.
    pub(super) fn client_gone(&self) {
        self.0.client_gone.store(true, Ordering::Relaxed);
        self.wake();
    }

    fn wake(&self) {
        let waiting = &self.0.waiting;
        let waker = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Waits until everything is done.
    pub(super) async fn finish(&self) -> Fallible<()> {
        poll_fn(|cx| {
            if self.0.client_gone.load(Ordering::Relaxed) {
                return Poll::Ready(Err("a client has gone".into()));
            }
            if self.0.missing.load(Ordering::Relaxed) == 0 {
                return Poll::Ready(Ok(()));
            }
            let waker = Some(cx.waker().clone());
            *self
                .0
                .waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = waker;
            Poll::Pending
        })
        .await
    }
}
