//! A loop for one test.

use std::time::Duration;

use loopline::prelude::*;

pub(crate) type Failure = Box<dyn std::error::Error>;

/// Runs a test on a loop of its own, and checks that nothing is left.
pub(crate) fn on_loop(body: impl AsyncFnOnce(&Loop) -> Result<(), Failure>) -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        body(&event_loop).await?;
        event_loop.shutdown().await;
        // The tasks that waited for those connections end.
        until(&event_loop, || event_loop.snapshot().tasks == 0).await;
        Ok(())
    })?
}

pub(crate) async fn until(event_loop: &Loop, what: impl Fn() -> bool) {
    while !what() {
        event_loop.sleep(Duration::from_millis(1)).await;
    }
}
