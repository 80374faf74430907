//! Who listens to which signal on one loop.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::Waker;

use super::system::Subscription;
use super::{SignalError, SignalKind};
use crate::engine::Engine;
use crate::event_loop::{LoopClosed, WatchCallback};

type SharedCallback = Rc<RefCell<WatchCallback>>;

/// What a loop listens to.
#[derive(Default)]
pub(crate) struct Signals(RefCell<BTreeMap<SignalKind, Listening>>);

/// Who listens to one signal.
struct Listening {
    handler: Option<SharedCallback>,
    waiting: Vec<Rc<Waiting>>,
    /// Ends when this is dropped.
    _subscription: Subscription,
}

impl Listening {
    fn is_over(&self) -> bool {
        self.handler.is_none() && self.waiting.is_empty()
    }
}

/// A task that waits for a signal.
#[derive(Default)]
pub(super) struct Waiting {
    came: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Waiting {
    /// Whether the signal has come since this was last asked.
    pub(super) fn take(&self) -> bool {
        self.came.take()
    }

    pub(super) fn wait(&self, waker: &Waker) {
        let old = self.waker.replace(Some(waker.clone()));
        drop(old);
    }

    fn wake(&self) {
        let waker = self.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Signals {
    /// Forgets everything: the loop is closed.
    pub(crate) fn clear(&self) {
        let all = self.0.take();
        for listening in all.values() {
            listening.waiting.iter().for_each(|waiting| waiting.wake());
        }
    }
}

impl Engine {
    /// Has a callback called for each signal of a kind, in place of the one
    /// before.
    pub(crate) fn add_signal_handler(
        self: &Rc<Self>,
        kind: SignalKind,
        callback: WatchCallback,
    ) -> Result<(), SignalError> {
        let callback = Rc::new(RefCell::new(callback));
        let replaced = self.listen(kind, |listening| listening.handler.replace(callback))?;
        drop(replaced);
        Ok(())
    }

    /// Ends that; whether there was anything to end.
    pub(crate) fn remove_signal_handler(&self, kind: SignalKind) -> bool {
        let mut removed = None;
        let ended = self.change_listening(kind, |listening| removed = listening.handler.take());
        drop(ended);
        removed.is_some()
    }

    pub(super) fn wait_for_signal(
        self: &Rc<Self>,
        kind: SignalKind,
    ) -> Result<Rc<Waiting>, SignalError> {
        let waiting = Rc::<Waiting>::default();
        self.listen(kind, |listening| {
            listening.waiting.push(Rc::clone(&waiting));
        })?;
        Ok(waiting)
    }

    pub(super) fn forget_waiting(&self, kind: SignalKind, waiting: &Rc<Waiting>) {
        let ended = self.change_listening(kind, |listening| {
            listening
                .waiting
                .retain(|other| !Rc::ptr_eq(other, waiting));
        });
        drop(ended);
    }

    fn listen<R>(
        self: &Rc<Self>,
        kind: SignalKind,
        change: impl FnOnce(&mut Listening) -> R,
    ) -> Result<R, SignalError> {
        if self.is_closed() {
            return Err(LoopClosed.into());
        }
        if !self.signals().0.borrow().contains_key(&kind) {
            let listening = Listening {
                handler: None,
                waiting: Vec::new(),
                _subscription: Subscription::begin(self, kind)?,
            };
            self.signals().0.borrow_mut().insert(kind, listening);
        }
        let mut signals = self.signals().0.borrow_mut();
        let listening = signals.get_mut(&kind);
        Ok(change(listening.ok_or(LoopClosed)?))
    }

    /// Changes who listens; what has ended with that is for the caller to drop.
    fn change_listening(
        &self,
        kind: SignalKind,
        change: impl FnOnce(&mut Listening),
    ) -> Option<Listening> {
        let mut signals = self.signals().0.borrow_mut();
        let listening = signals.get_mut(&kind)?;
        change(listening);
        if listening.is_over() {
            return signals.remove(&kind);
        }
        None
    }

    /// A signal has come, so often.
    pub(super) fn signal_came(&self, kind: SignalKind, times: usize) {
        let waiting = {
            let signals = self.signals().0.borrow();
            let listening = signals.get(&kind);
            listening.map(|listening| listening.waiting.clone())
        };
        for waiting in waiting.unwrap_or_default() {
            waiting.came.set(true);
            waiting.wake();
        }
        for _ in 0..times {
            // It may remove or replace itself.
            let handler = {
                let signals = self.signals().0.borrow();
                let listening = signals.get(&kind);
                listening.and_then(|listening| listening.handler.clone())
            };
            let Some(handler) = handler else {
                return;
            };
            let outcome = (handler.borrow_mut())();
            if let Err(error) = outcome {
                self.report_error("a signal handler failed", &*error);
            }
        }
    }
}
