//! A connection that is given to a layer above it.

use std::cell::OnceCell;
use std::fmt;
use std::rc::{Rc, Weak};

use super::Transport;

/// Who has taken a connection over, if it was given away: few are, so the
/// layer's name has a box.
#[derive(Default)]
pub(crate) struct Successor(OnceCell<Box<OnceCell<Weak<dyn Transport>>>>);

impl Successor {
    /// Whether the connection was given away.
    pub(crate) fn is_awaited(&self) -> bool {
        self.0.get().is_some()
    }

    /// The connection is given away; the layer is named later.
    pub(super) fn give_away(&self) {
        self.0.get_or_init(Box::default);
    }

    pub(super) fn name(&self, layer: Weak<dyn Transport>) {
        // A second one cannot be: `HandOver::succeed` takes the hand-over.
        let _ = self.0.get_or_init(Box::default).set(layer);
    }

    /// The layer, if it is still there.
    pub(super) fn layer(&self) -> Option<Rc<dyn Transport>> {
        self.0.get()?.get()?.upgrade()
    }
}

/// A connection that was given away: what
/// [`Transport::hand_over`] answers.
pub struct HandOver {
    below: Rc<dyn Transport>,
    succeed: Box<dyn FnOnce(Weak<dyn Transport>)>,
}

impl HandOver {
    /// For a transport of one's own: the handle that still works, and what is
    /// called with the layer that is the given handle's successor.
    #[must_use]
    pub fn new(
        below: Rc<dyn Transport>,
        succeed: impl FnOnce(Weak<dyn Transport>) + 'static,
    ) -> Self {
        Self {
            below,
            succeed: Box::new(succeed),
        }
    }

    /// The connection, unrestricted.
    #[must_use]
    pub fn below(&self) -> &Rc<dyn Transport> {
        &self.below
    }

    /// Names the layer, which the old handle closes and aborts from now on.
    pub fn succeed(self, successor: Weak<dyn Transport>) {
        (self.succeed)(successor);
    }
}

impl fmt::Debug for HandOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandOver").finish_non_exhaustive()
    }
}
