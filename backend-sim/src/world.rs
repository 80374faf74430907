//! What everything in one simulation shares: the time, what will happen, and
//! chance.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::network::State;
use crate::schedule::{Action, Schedule};

/// Where the clock ends, a thousand years on: what is to happen later does not.
pub(crate) const END: Duration = Duration::from_secs(1000 * 365 * 24 * 60 * 60);

/// What everything in one simulation shares.
pub(crate) struct World {
    begin: Instant,
    /// How much time has passed since.
    elapsed: Cell<Duration>,
    schedule: RefCell<Schedule>,
    rng: RefCell<Rng>,
    /// Whether what is ready at one time is reported in a random order.
    pub(crate) shuffles: bool,
    /// Whether a future that waits for the network was woken.
    stirred: Cell<bool>,
    /// How many hold the clock.
    holders: Cell<usize>,
    stall_limit: Cell<Option<Duration>>,
    /// How long a turn takes.
    turn: Cell<Duration>,
    pub(crate) network: State,
}

impl World {
    pub(crate) fn new(seed: Option<u64>) -> Rc<Self> {
        Rc::new(Self {
            begin: Instant::now(),
            elapsed: Cell::new(Duration::ZERO),
            schedule: RefCell::default(),
            rng: RefCell::new(Rng::with_seed(seed.unwrap_or_default())),
            shuffles: seed.is_some(),
            stirred: Cell::new(false),
            holders: Cell::new(0),
            stall_limit: Cell::new(None),
            turn: Cell::new(Duration::ZERO),
            network: State::default(),
        })
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }

    pub(crate) fn now(&self) -> Instant {
        self.begin + self.elapsed.get()
    }

    /// Moves the time on; it never goes back.
    pub(crate) fn advance_to(&self, time: Duration) {
        self.elapsed.set(self.elapsed.get().max(time.min(END)));
    }

    /// Does `action` at a time; at once if that has come.
    pub(crate) fn at(self: &Rc<Self>, time: Duration, action: Action) {
        if time <= self.elapsed() {
            action(self);
        } else {
            self.schedule.borrow_mut().add(time, action);
        }
    }

    /// When the next thing happens.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.schedule.borrow().next()
    }

    /// Does everything whose time has come.
    pub(crate) fn run_due(self: &Rc<Self>) {
        loop {
            let due = self.schedule.borrow_mut().take_due(self.elapsed());
            match due {
                Some(action) => action(self),
                None => return,
            }
        }
    }

    /// Notes that a future was woken, which ends a wait.
    pub(crate) fn stir(&self) {
        self.stirred.set(true);
    }

    pub(crate) fn take_stirred(&self) -> bool {
        self.stirred.take()
    }

    pub(crate) fn hold(&self) {
        self.holders.set(self.holders.get() + 1);
    }

    pub(crate) fn release(&self) {
        self.holders.set(self.holders.get() - 1);
    }

    pub(crate) fn is_held(&self) -> bool {
        self.holders.get() > 0
    }

    pub(crate) fn set_turn(&self, turn: Duration) {
        self.turn.set(turn);
    }

    /// Lets the time of a turn pass.
    pub(crate) fn begin_turn(&self) {
        self.advance_to(self.elapsed().saturating_add(self.turn.get()));
    }

    pub(crate) fn stall_limit(&self) -> Option<Duration> {
        self.stall_limit.get()
    }

    pub(crate) fn set_stall_limit(&self, limit: Option<Duration>) {
        self.stall_limit.set(limit);
    }

    pub(crate) fn with_rng<R>(&self, use_rng: impl FnOnce(&mut Rng) -> R) -> R {
        use_rng(&mut self.rng.borrow_mut())
    }
}
