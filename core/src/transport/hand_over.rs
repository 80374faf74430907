//! A connection that is given to a layer above it.

use std::cell::OnceCell;
use std::fmt;
use std::rc::{Rc, Weak};

use super::Transport;

/// Who has taken a connection over.
pub(crate) type Successor = Rc<OnceCell<Weak<dyn Transport>>>;

/// A connection that was given away: what
/// [`Transport::hand_over`] answers.
pub struct HandOver {
    below: Rc<dyn Transport>,
    successor: Successor,
}

impl HandOver {
    /// For a transport of one's own: the handle that still works, and the place
    /// where the one that was given away finds its successor.
    #[must_use]
    pub fn new(below: Rc<dyn Transport>, successor: Rc<OnceCell<Weak<dyn Transport>>>) -> Self {
        Self { below, successor }
    }

    /// The connection, unrestricted.
    #[must_use]
    pub fn below(&self) -> &Rc<dyn Transport> {
        &self.below
    }

    /// Names the layer, which the old handle closes and aborts from now on.
    pub fn succeed(self, successor: Weak<dyn Transport>) {
        // A second successor cannot be: the call takes the hand-over.
        let _ = self.successor.set(successor);
    }
}

impl fmt::Debug for HandOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandOver").finish_non_exhaustive()
    }
}
