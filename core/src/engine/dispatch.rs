//! Events to their owners.

use std::error::Error;
use std::rc::Rc;

use super::{Debt, Engine, ExceptionContext, Severity, Todo, Watched};
use crate::backend::{Events, Interest, Key, Readiness};
use crate::debug;

impl Engine {
    /// Dispatches every event of the batch: jobs that are done, then what is ready. What a panic leaves over stays in
    /// the batch and comes first in the next turn.
    #[inline]
    pub(super) fn dispatch(self: &Rc<Self>, events: &mut Events) {
        if events.has_done() {
            self.dispatch_done(events);
        }
        if self.exceptions.debug() {
            self.dispatch_ready(events, Self::call_measured);
        } else {
            self.dispatch_ready(events, |engine, owner, ready| owner.ready(engine, ready));
        }
    }

    /// Calls those whom the events are for.
    #[inline(always)]
    fn dispatch_ready(
        self: &Rc<Self>,
        events: &mut Events,
        call: impl Fn(&Rc<Self>, &dyn Watched, Readiness),
    ) {
        while let Some((key, ready)) = events.pop_ready() {
            self.counters.event();
            let current = self.addressee(key);
            let Some((owner, armed)) = current.or_else(|| self.late_addressee(key)) else {
                continue;
            };
            // A hang-up is reported for more than is armed, and an event may be
            // older than the last change (clause B2).
            let ready = ready & armed.into();
            if !ready.is_empty() {
                call(self, &*owner, ready);
                self.settle();
            }
        }
    }

    fn dispatch_done(&self, events: &mut Events) {
        while let Some((key, result)) = events.pop_done() {
            self.counters.event();
            let current = self.addressee(key);
            if let Some((owner, _)) = current.or_else(|| self.late_addressee(key)) {
                owner.done(result);
                self.settle();
            }
        }
    }

    /// Each direction may be another callback's, of which one is slow.
    #[cold]
    fn call_measured(self: &Rc<Self>, owner: &dyn Watched, ready: Readiness) {
        for direction in ready.iter() {
            self.measured(|| debug::name(owner), || owner.ready(self, direction));
        }
    }

    /// Whom an event is for, and what is armed for him: the owner whose key it
    /// bears.
    #[inline]
    fn addressee(&self, key: Key) -> Option<(Rc<dyn Watched>, Interest)> {
        let mut slots = self.slots.borrow_mut();
        let slot = slots.named(key)?;
        Some((Rc::clone(slot.owner.as_ref()?), slot.armed))
    }

    /// Whom an event for an earlier owner of a slot is for, if anybody.
    #[cold]
    fn late_addressee(&self, key: Key) -> Option<(Rc<dyn Watched>, Interest)> {
        let turn = self.turn.get();
        let slots = self.slots.borrow();
        let slot = slots.at(key)?;
        let owner = slot.owner.as_ref();
        if let Some(owner) = owner.filter(|owner| owner.accepts(key, turn)) {
            return Some((Rc::clone(owner), slot.armed));
        }
        let late = slot.retired == turn;
        drop(slots);
        if !late {
            self.dead_event(key);
        }
        None
    }

    /// The owner of a slot, unless that has changed hands.
    pub(super) fn owner(&self, key: Key) -> Option<Rc<dyn Watched>> {
        let mut slots = self.slots.borrow_mut();
        slots.named(key).and_then(|slot| slot.owner.clone())
    }

    /// The kernel still reports a descriptor that was closed while a duplicate
    /// of it lives on: nobody can name that registration any more (line C31).
    fn dead_event(&self, key: Key) {
        let before = self.dead_events.get();
        self.dead_events.set(before + 1);
        if before == 0 {
            self.report(&ExceptionContext::new(
                Severity::Warning,
                &format!(
                    "an event came for slot {} after its descriptor was closed without \
                     remove_reader or remove_writer; a duplicate of it is still open",
                    key.slot()
                ),
            ));
        }
    }

    /// Notes that a protocol was busy when it had to be told to pause or to
    /// go on.
    pub(crate) fn owe(&self, debt: Debt) {
        self.owed.borrow_mut().push_back(debt);
        self.note(Todo::SETTLE);
    }

    /// Tells what is owed, as far as the protocols are free. Called whenever a
    /// callback has returned, before any other one is called.
    #[inline]
    pub(crate) fn settle(&self) {
        if self.has_todo(Todo::SETTLE) {
            self.settle_owed();
        }
    }

    #[cold]
    fn settle_owed(&self) {
        // One by one: what a panic leaves over is still owed.
        let owed = self.owed.borrow().len();
        for _ in 0..owed {
            let Some(debt) = self.owed.borrow_mut().pop_front() else {
                return;
            };
            let settled = match &debt {
                Debt::Connection(key) => self.owner(*key).is_none_or(|owner| owner.settle()),
                Debt::Layer(layer) => layer.settle(),
            };
            if !settled {
                self.owe(debt);
            }
        }
        if self.owed.borrow().is_empty() {
            self.done_with(Todo::SETTLE);
        }
    }

    /// Reports to the exception handler.
    pub(crate) fn report(&self, context: &ExceptionContext<'_>) {
        self.exceptions.call(context);
    }

    /// Reports an error that no caller gets.
    pub(crate) fn report_error(&self, message: &str, error: &(dyn Error + 'static)) {
        self.report(&ExceptionContext::new(Severity::Error, message).with_error(error));
    }
}
