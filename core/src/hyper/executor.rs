//! Tasks of hyper.

use std::future::Future;

use hyper::rt::Executor;

use crate::event_loop::{EventLoop, LoopHandle};

/// Runs a future as a task of the loop, as
/// [`spawn`](crate::EventLoopExt::spawn) does. On a loop that is closed the
/// future is dropped.
impl<F: Future + 'static> Executor<F> for LoopHandle {
    fn execute(&self, future: F) {
        let task = self.spawn_boxed(Box::pin(async move {
            future.await;
        }));
        // Nobody waits for it.
        drop(task);
    }
}
