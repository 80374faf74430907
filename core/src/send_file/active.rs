//! A file that waits on its way, and one attempt to send more of it.

use std::rc::Rc;

use super::panic::Panic;
use super::{SendFileErrorKind as Kind, Step, Ticket, Transfer};

/// What a file waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waits {
    /// For the write queue to become empty (line A41).
    Draining,
    /// For the connection to take more.
    Writable,
    /// For another thread to read the file.
    Reading,
    /// For the kernel.
    InFlight,
}

/// A file that is on its way.
pub(crate) struct Active {
    pub(super) transfer: Transfer,
    pub(super) ticket: Rc<Ticket>,
    pub(super) waits: Waits,
    /// Set when the job was given up while the kernel works on it.
    pub(super) ended: Option<Kind>,
}

impl Active {
    /// Whether it waits for the connection to take more.
    pub(crate) fn wants_write(&self) -> bool {
        self.waits == Waits::Writable
    }

    pub(crate) fn is_in_flight(&self) -> bool {
        self.waits == Waits::InFlight
    }
}

/// What one attempt came to.
pub(crate) struct Attempt {
    /// None if none was made, because the write queue comes first.
    pub(super) step: Option<Step>,
    pub(super) panic: Panic,
}

impl Attempt {
    pub(super) fn waiting() -> Self {
        Self {
            step: None,
            panic: Panic::none(),
        }
    }
}
