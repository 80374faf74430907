//! One turn of the loop.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use super::{Engine, Errand, Run, Todo};
use crate::backend::Events;
use crate::event_loop::Callback;
use crate::task::TaskId;

impl Engine {
    /// Runs turns until the loop is stopped. `main` polls the future of
    /// `run_until_complete`.
    ///
    /// A panic of user code leaves every queue as it stands, without the item
    /// that panicked: the next turn goes on behind it.
    pub(super) fn run_turns(self: &Rc<Self>, main: &mut dyn FnMut()) -> io::Result<()> {
        // Borrowed while user code runs: only turns need it, and there are no turns
        // inside of turns.
        let events = &mut *self.events.borrow_mut();
        // Whoever has queued it has ended a wait, which may have failed.
        self.take_remote();
        // What a panic left of the last batch comes before a new one, and is judged
        // by the turn that it belongs to.
        if events.is_empty() {
            self.wait(self.before_waiting(), events)?;
        }
        loop {
            self.begin_turn(events, main);
            // Most turns of a busy server have their events and nothing else.
            let timeout = if self.has_nothing_todo() {
                None
            } else {
                self.end_turn(main);
                if self.has_todo(Todo::STOP) {
                    return Ok(());
                }
                self.before_waiting()
            };
            self.wait(timeout, events)?;
        }
    }

    /// What is owed before a wait, and how long that may last. What other threads
    /// have queued needs no look: it ends the wait (clause B9).
    fn before_waiting(&self) -> Option<Duration> {
        // What was done while the loop did not run.
        self.settle();
        if self.has_todo(Todo::ARM) {
            self.arm();
        }
        if self.has_todo(Todo::MEASURE) {
            self.counters.waits(self.now());
        }
        if self.has_todo(Todo::STOP | Todo::RUN | Todo::DUE) {
            Some(Duration::ZERO)
        } else if self.has_todo(Todo::TIMERS) {
            self.until_timer()
        } else {
            None
        }
    }

    #[inline]
    fn wait(&self, timeout: Option<Duration>, events: &mut Events) -> io::Result<()> {
        self.turn.set(self.turn.get().wrapping_add(1));
        self.with_backend(|backend| backend.wait(timeout, events))
            .unwrap_or(Ok(()))?;
        self.counters.turn();
        Ok(())
    }

    /// What was there before the wait, and what that has brought.
    #[inline]
    fn begin_turn(self: &Rc<Self>, events: &mut Events, main: &mut dyn FnMut()) {
        self.take_remote();
        if self.has_todo(Todo::TIMERS | Todo::RUN | Todo::MEASURE) {
            self.waited();
            if self.has_todo(Todo::TIMERS) {
                self.collect_due();
            }
            self.run_ready(|_| true, main);
        }
        self.dispatch(events);
    }

    /// Timers, and what need not wait for the next turn.
    fn end_turn(self: &Rc<Self>, main: &mut dyn FnMut()) {
        if self.has_todo(Todo::DUE) {
            self.run_due();
        }
        if !self.has_todo(Todo::STOP) {
            self.run_ready(Run::ends_a_turn, main);
        }
    }

    /// Queues what other threads have queued, in its place among the rest.
    #[inline]
    pub(super) fn take_remote(&self) {
        if self.shared.is_pending() {
            self.take_pending();
        }
    }

    #[cold]
    fn take_pending(&self) {
        let mut items = self.arrivals.take();
        self.shared.take(&mut items, &mut self.spares.borrow_mut());
        self.ready.borrow_mut().extend(items.drain(..));
        self.arrivals.set(items);
        self.note(Todo::RUN);
    }

    /// Runs what is queued by now, up to the first item that may not run.
    #[inline]
    fn run_ready(self: &Rc<Self>, may_run: impl Fn(&Run) -> bool, main: &mut dyn FnMut()) {
        if self.has_todo(Todo::RUN) {
            self.run_queued(may_run, main);
        }
    }

    fn run_queued(self: &Rc<Self>, may_run: impl Fn(&Run) -> bool, main: &mut dyn FnMut()) {
        let queued = self.ready.borrow().len();
        for _ in 0..queued {
            let run = self.ready.borrow_mut().pop_if(&may_run);
            let Some(run) = run else {
                return;
            };
            self.counters.callback();
            if self.exceptions.debug() {
                self.measured(|| None, || self.run_one(run, main));
            } else {
                self.run_one(run, main);
            }
            self.settle();
        }
        if self.ready.borrow().is_empty() {
            self.done_with(Todo::RUN);
        }
    }

    #[inline]
    fn run_one(self: &Rc<Self>, run: Run, main: &mut dyn FnMut()) {
        match run {
            Run::Call(callback) => self.run_call(callback),
            Run::Errand(errand) => self.run_errand(errand, main),
        }
    }

    #[inline]
    fn run_errand(self: &Rc<Self>, errand: Errand, main: &mut dyn FnMut()) {
        match errand {
            Errand::Nothing => {}
            Errand::Task(id) => self.run_task(id, main),
            Errand::Lost(key) => {
                if let Some(owner) = self.owner(key) {
                    owner.lost();
                }
            }
            Errand::Later(key) => {
                if let Some(owner) = self.owner(key) {
                    owner.later();
                }
            }
            Errand::LayerLost(layer) => layer.finish(),
            Errand::LayerLater(layer) => layer.go_on(),
            Errand::Stop => self.stop(),
            Errand::Remote(call) => {
                if let Err(error) = self.run_remote(call) {
                    self.report_error("a callback failed", &*error);
                }
            }
        }
    }

    #[inline]
    fn run_call(&self, callback: Callback) {
        if let Err(error) = callback.call() {
            self.report_error("a callback failed", &*error);
        }
    }

    fn run_due(self: &Rc<Self>) {
        loop {
            let callback = self.timers.borrow_mut().pop_due();
            let Some(callback) = callback else {
                return self.done_with(Todo::DUE);
            };
            self.counters.callback();
            self.timed(|| self.run_call(callback));
            self.settle();
        }
    }

    fn run_task(self: &Rc<Self>, id: TaskId, main: &mut dyn FnMut()) {
        if id.is_main() {
            main();
        } else {
            crate::task::run(self, id);
        }
    }
}
