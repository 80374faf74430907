//! A connection that is given to a layer above it, and given back.

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::rc::{Rc, Weak};

use super::Transport;

/// Who has taken a connection over, if it was given away: few are, so what is
/// known of it has a box.
#[derive(Default)]
pub(crate) struct Successor(OnceCell<Box<Given>>);

#[derive(Default)]
struct Given {
    away: Cell<bool>,
    to: Cell<Option<Weak<dyn Transport>>>,
}

impl Successor {
    /// Whether the connection was never given away.
    #[inline]
    pub(super) fn is_unheard_of(&self) -> bool {
        self.0.get().is_none()
    }

    /// Whether the connection was given away.
    pub(crate) fn is_awaited(&self) -> bool {
        self.0.get().is_some_and(|given| given.away.get())
    }

    /// The connection is given away; to whom is named later.
    pub(super) fn give_away(&self) {
        self.0.get_or_init(Box::default).away.set(true);
    }

    /// The connection is given to this transport.
    pub(crate) fn name(&self, to: Weak<dyn Transport>) {
        let given = self.0.get_or_init(Box::default);
        given.away.set(true);
        let old = given.to.replace(Some(to));
        drop(old);
    }

    /// The connection is given back.
    pub(super) fn take_back(&self) {
        if let Some(given) = self.0.get() {
            given.away.set(false);
            let old = given.to.take();
            drop(old);
        }
    }

    /// Who has it, if they are still there.
    pub(super) fn holder(&self) -> Option<Rc<dyn Transport>> {
        let place = &self.0.get()?.to;
        let to = place.take();
        let holder = to.as_ref().and_then(Weak::upgrade);
        place.set(to);
        holder
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
