//! A connection that is given to a layer above it, and given back.

use std::cell::Cell;
use std::fmt;
use std::rc::{Rc, Weak};

use super::handle::LayersEnd;
use super::{Line, Transport};

/// Who has taken a connection over, if it was given away: few are, so what is
/// known of the layer is kept where that holds the connection.
pub(crate) struct Successor<L>(Cell<Option<Weak<LayersEnd<L>>>>);

impl<L> Default for Successor<L> {
    fn default() -> Self {
        Self(Cell::new(None))
    }
}

impl<L> Successor<L> {
    /// Whether the connection was given away.
    #[inline]
    pub(crate) fn is_awaited(&self) -> bool {
        let end = self.0.take();
        let is_awaited = end.is_some();
        self.0.set(end);
        is_awaited
    }

    /// The connection is given away; to whom is named later.
    pub(super) fn give_away(&self, to: &Rc<LayersEnd<L>>) {
        self.0.set(Some(Rc::downgrade(to)));
    }

    /// The connection is given back.
    pub(super) fn take_back(&self) {
        self.0.set(None);
    }

    /// Who has it, if they are still there.
    pub(crate) fn holder(&self) -> Option<Rc<dyn Transport>> {
        let end = self.0.take();
        let given = end.as_ref().and_then(Weak::upgrade);
        self.0.set(end);
        given?.layer()
    }
}

/// A connection that was given away: what
/// [`Transport::hand_over`] answers.
pub struct HandOver {
    below: Rc<dyn Transport>,
    old: Old,
}

/// Who is told of the layer.
enum Old {
    /// A connection of this crate.
    Line(Rc<dyn Named>),
    Other(Box<dyn FnOnce(Weak<dyn Transport>)>),
}

/// A connection of this crate that waits for the name of the layer.
pub(super) trait Named {
    fn name(&self, layer: Weak<dyn Transport>);
}

impl HandOver {
    /// For a connection of this crate.
    pub(super) fn of_line<L: Line>(end: Rc<LayersEnd<L>>) -> Self {
        Self {
            below: Rc::clone(&end) as Rc<dyn Transport>,
            old: Old::Line(end),
        }
    }

    /// For a transport of one's own: the handle that still works, and what is
    /// called with the layer that is the given handle's successor.
    #[must_use]
    pub fn new(
        below: Rc<dyn Transport>,
        succeed: impl FnOnce(Weak<dyn Transport>) + 'static,
    ) -> Self {
        Self {
            below,
            old: Old::Other(Box::new(succeed)),
        }
    }

    /// The connection, unrestricted.
    #[must_use]
    pub fn below(&self) -> &Rc<dyn Transport> {
        &self.below
    }

    /// Whether it is a connection of this crate.
    pub(crate) fn is_own(&self) -> bool {
        matches!(self.old, Old::Line(_))
    }

    /// Names the layer, which the old handle closes and aborts from now on.
    pub fn succeed(self, successor: Weak<dyn Transport>) {
        match self.old {
            Old::Line(line) => line.name(successor),
            Old::Other(succeed) => succeed(successor),
        }
    }
}

impl fmt::Debug for HandOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandOver").finish_non_exhaustive()
    }
}

/// What takes a connection back: what [`Transport::hand_back`] answers.
/// Dropping it does nothing.
pub struct HandBack(Box<dyn FnOnce(Returned) -> Rc<dyn Transport>>);

/// What a layer leaves behind.
#[derive(Debug, Default)]
pub struct Returned {
    /// What the layer has read and what was not meant for it: the connection
    /// delivers it, in a later turn and before anything else.
    pub unread: Vec<u8>,
    /// Whether the protocol was told to pause writing, and not yet to go on.
    pub writing_paused: bool,
}

impl HandBack {
    /// For a transport of one's own: what is called when the layer is gone, and
    /// answers the handle that the user has from then on.
    #[must_use]
    pub fn new(take_back: impl FnOnce(Returned) -> Rc<dyn Transport> + 'static) -> Self {
        Self(Box::new(take_back))
    }

    /// The layer is gone: the connection is its user's again. The layer has
    /// replaced the protocol before, and says afterwards whether to read.
    #[must_use]
    pub fn complete(self, returned: Returned) -> Rc<dyn Transport> {
        (self.0)(returned)
    }
}

impl fmt::Debug for HandBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandBack").finish_non_exhaustive()
    }
}
