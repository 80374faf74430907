//! The waker of a backend with a fault.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use loopline_core::backend::{Wake, Waker};

use super::Fault;

pub(super) struct Bell {
    fault: Fault,
    inner: Waker,
    rung: AtomicBool,
    count: AtomicU32,
    gone: AtomicBool,
}

impl Bell {
    pub(super) fn new(fault: Fault, inner: Waker) -> Self {
        Self {
            fault,
            inner,
            rung: AtomicBool::new(false),
            count: AtomicU32::new(0),
            gone: AtomicBool::new(false),
        }
    }

    pub(super) fn waker(self: &Arc<Self>) -> Waker {
        Waker::new(Arc::<Self>::clone(self))
    }

    /// Whether there were wake-ups since this was asked last.
    pub(super) fn taken(&self) -> bool {
        self.rung.swap(false, Ordering::SeqCst)
    }

    pub(super) fn gone(&self) {
        self.gone.store(true, Ordering::SeqCst);
    }
}

impl Wake for Bell {
    fn wake(&self) {
        let count = self.count.fetch_add(1, Ordering::SeqCst);
        match self.fault {
            Fault::IsDeaf => return,
            Fault::HearsMostOfTheTime if count % 7 == 6 => return,
            Fault::PanicsOnceGone if self.gone.load(Ordering::SeqCst) => {
                panic!("the backend is gone")
            }
            _ => {}
        }
        self.rung.store(true, Ordering::SeqCst);
        self.inner.wake();
    }
}
