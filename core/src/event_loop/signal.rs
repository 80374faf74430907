//! asyncio's `add_signal_handler`, and signals for tasks.

use super::{EventLoop, IntoOutcome};
use crate::debug::Site;
use crate::signal::{Signal, SignalError, SignalKind};

/// Signals of the process, for callbacks and for tasks. Implemented for every
/// loop.
///
/// ```
/// use loopline_core::{EventLoop, EventLoopExt, SignalExt};
///
/// /// Does something, until it is done or Ctrl-C is pressed.
/// async fn interruptible(event_loop: &dyn EventLoop) {
///     let work = event_loop.spawn(async { /* … */ });
///     if event_loop.ctrl_c().await.is_ok() {
///         work.cancel();
///     }
/// }
/// ```
#[allow(
    async_fn_in_trait,
    reason = "a loop is used on one thread; nothing asks for Send"
)]
pub trait SignalExt: EventLoop {
    /// Calls `callback` for each signal of a kind, in a turn of the loop like any
    /// other; in place of the one that was set before (line E17). It wakes the
    /// loop. Signals that come close together may be one call: a system that has
    /// one to deliver already drops the next (signal(7)).
    ///
    /// Loops on any thread may handle signals, each for itself (line E39). When
    /// none handles it any more, because the handlers were removed or the loops
    /// closed, the signal does again what it did before: what it does by default,
    /// unless it was ignored or the program had a handler of its own, which is
    /// called in the meantime too. Only Linux tells of these; on other systems a
    /// signal does what it does by default then, as asyncio has it everywhere.
    ///
    /// On Windows there is [`SignalKind::interrupt`] alone. Once a loop has
    /// listened to it, no handler of the console that was set before is called.
    ///
    /// # Errors
    ///
    /// [`SignalError`]; nothing has changed then. SIGKILL and SIGSTOP, and what
    /// says that the program is broken, are refused before anything is touched.
    #[cfg_attr(feature = "debug", track_caller)]
    fn add_signal_handler<R: IntoOutcome>(
        &self,
        kind: SignalKind,
        mut callback: impl FnMut() -> R + 'static,
    ) -> Result<(), SignalError> {
        let site = Site::here();
        let callback = move || {
            site.enter();
            callback().into_outcome()
        };
        self.handle()
            .engine()
            .add_signal_handler(kind, Box::new(callback))
    }

    /// Ends what `add_signal_handler` began. Answers whether there was anything to
    /// end.
    fn remove_signal_handler(&self, kind: SignalKind) -> bool {
        self.handle().engine().remove_signal_handler(kind)
    }

    /// Listens to a signal, for a task to wait for it. Beside a handler and beside
    /// others that wait; otherwise as for
    /// [`add_signal_handler`](Self::add_signal_handler).
    ///
    /// # Errors
    ///
    /// [`SignalError`]; nothing has changed then.
    fn signal(&self, kind: SignalKind) -> Result<Signal, SignalError> {
        Signal::new(self.handle().engine(), kind)
    }

    /// Waits for Ctrl-C, from the first poll on. Afterwards, or if the future is
    /// dropped, the next Ctrl-C ends the process as usual. To listen all the time,
    /// keep a [`signal`](Self::signal).
    ///
    /// # Errors
    ///
    /// [`SignalError`].
    async fn ctrl_c(&self) -> Result<(), SignalError> {
        Ok(self.signal(SignalKind::interrupt())?.recv().await?)
    }
}

impl<L: EventLoop + ?Sized> SignalExt for L {}
