//! Where callbacks were registered.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many loops of this process are in debug mode: without any, nobody looks
/// for a place.
static LOOPS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Where the callback that runs in this thread was registered.
    static RUNNING: Cell<Option<&'static Location<'static>>> = const { Cell::new(None) };
}

/// A loop enters debug mode, or leaves it.
pub(crate) fn debug_mode_of_a_loop(on: bool) {
    if on {
        LOOPS.fetch_add(1, Ordering::Relaxed);
    } else {
        LOOPS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A callback begins of which it is not known where it was registered.
pub(crate) fn forget() {
    RUNNING.set(None);
}

/// Where the callback that runs was registered, if that is known.
pub(crate) fn running() -> Option<&'static Location<'static>> {
    RUNNING.get()
}

/// Where a callback was registered, if a loop was in debug mode then.
#[derive(Clone, Copy)]
pub(crate) struct Site(Option<&'static Location<'static>>);

impl Site {
    /// The place that calls whoever calls this.
    #[inline]
    #[track_caller]
    pub(crate) fn here() -> Self {
        if LOOPS.load(Ordering::Relaxed) == 0 {
            return Self(None);
        }
        Self(Some(Location::caller()))
    }

    /// The callback runs.
    #[inline]
    pub(crate) fn enter(self) {
        if self.0.is_some() {
            RUNNING.set(self.0);
        }
    }

    /// A task that says where it was spawned whenever it is polled.
    pub(crate) fn around(
        self,
        mut future: Pin<Box<dyn Future<Output = ()>>>,
    ) -> Pin<Box<dyn Future<Output = ()>>> {
        if self.0.is_none() {
            return future;
        }
        Box::pin(poll_fn(move |cx| {
            self.enter();
            future.as_mut().poll(cx)
        }))
    }
}
