//! Layers over connections.
//!
//! A layer has no slot: nothing of the system is its own. What it has to do in a
//! turn of its own is queued by itself, and the connection below keeps it alive as
//! its protocol, and lets go of it when the loop is closed.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use super::{Engine, Errand, Run};
use crate::backend::Key;
use crate::tls::TlsStream;

/// Whom something is owed that he could not be told yet.
pub(crate) enum Debt {
    Connection(Key),
    Layer(Rc<TlsStream>),
}

/// How many layers there are, and which of them nobody lets go of.
#[derive(Default)]
pub(super) struct Layers {
    count: Cell<usize>,
    /// Those over transports of the user's own, who may have tied a knot.
    strays: RefCell<Vec<Weak<TlsStream>>>,
}

impl Layers {
    pub(super) fn count(&self) -> usize {
        self.count.get()
    }

    /// Those over transports of the user's own.
    pub(super) fn take_strays(&self) -> Vec<Rc<TlsStream>> {
        let strays = self.strays.take();
        strays.iter().filter_map(Weak::upgrade).collect()
    }
}

impl Engine {
    pub(crate) fn layer_added(&self) {
        self.layers.count.set(self.layers.count.get() + 1);
        self.transport_added();
    }

    pub(crate) fn layer_removed(&self) {
        let left = self.layers.count.get().saturating_sub(1);
        self.layers.count.set(left);
        self.transport_removed();
    }

    /// Remembers a layer over a transport of the user's own until the loop is
    /// closed.
    pub(crate) fn note_stray(&self, layer: &Rc<TlsStream>) {
        let mut strays = self.layers.strays.borrow_mut();
        if strays.len() == strays.capacity() {
            strays.retain(|stray| stray.strong_count() > 0);
        }
        strays.push(Rc::downgrade(layer));
    }
}

/// Lets go of the layers among what will not run any more.
pub(super) fn abandon(runs: impl IntoIterator<Item = Run>) {
    for run in runs {
        if let Run::Errand(Errand::LayerLost(layer) | Errand::LayerLater(layer)) = run {
            layer.let_go();
        }
    }
}
