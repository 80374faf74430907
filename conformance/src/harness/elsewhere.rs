//! Waiting on the loop for what blocks.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::{panic, thread};

/// What the thread has to say, and who waits for it.
type Place<T> = Arc<Mutex<(Option<thread::Result<T>>, Option<Waker>)>>;

/// Runs `work` on a thread of its own; the future is ready with what it
/// returns, and panics as it does.
pub(crate) fn elsewhere<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = T> {
    let place: Place<T> = Arc::default();
    let result = Arc::clone(&place);
    thread::spawn(move || {
        let ended = panic::catch_unwind(panic::AssertUnwindSafe(work));
        let waker = {
            let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
            place.0 = Some(ended);
            place.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    });
    poll_fn(move |cx| {
        let mut result = result.lock().unwrap_or_else(PoisonError::into_inner);
        match result.0.take() {
            Some(Ok(value)) => Poll::Ready(value),
            Some(Err(payload)) => panic::resume_unwind(payload),
            None => {
                result.1 = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    })
}
