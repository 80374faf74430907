//! Signals: of the process, as callbacks and futures of a loop.
//!
//! Any number of loops may handle a signal, each on its own thread (line E39).
//! While none does, the signal does what it did before (line E17).

#[cfg(unix)]
mod disposition;
mod kind;
mod listening;
#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

pub use kind::{SignalError, SignalKind};

pub(crate) use listening::Signals;

use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use crate::engine::Engine;
use crate::event_loop::LoopClosed;
use listening::Waiting;

/// A signal that a task waits for: see
/// [`EventLoopExt::signal`](crate::EventLoopExt::signal). Dropping it ends that.
pub struct Signal {
    engine: Rc<Engine>,
    kind: SignalKind,
    waiting: Rc<Waiting>,
}

impl Signal {
    pub(crate) fn new(engine: &Rc<Engine>, kind: SignalKind) -> Result<Self, SignalError> {
        Ok(Self {
            engine: Rc::clone(engine),
            kind,
            waiting: engine.wait_for_signal(kind)?,
        })
    }

    /// Which signal it is.
    #[must_use]
    pub fn kind(&self) -> SignalKind {
        self.kind
    }

    /// Waits until the signal has come since this was last asked, or since the
    /// beginning. Signals that come before anybody asks count as one, as the
    /// system itself has it.
    ///
    /// Dropping the future loses none.
    ///
    /// # Errors
    ///
    /// [`LoopClosed`]: none will come any more.
    pub async fn recv(&mut self) -> Result<(), LoopClosed> {
        poll_fn(|cx| {
            if self.waiting.take() {
                return Poll::Ready(Ok(()));
            }
            if self.engine.is_closed() {
                return Poll::Ready(Err(LoopClosed));
            }
            self.waiting.wait(cx.waker());
            Poll::Pending
        })
        .await
    }
}

impl Drop for Signal {
    fn drop(&mut self) {
        self.engine.forget_waiting(self.kind, &self.waiting);
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signal").field(&self.kind).finish()
    }
}
