//! A simulation with one fault: in its clock, or in its network.

mod network;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::time::{Duration, Instant};

use loopline_backend_epoll::EpollBackend;
use loopline_backend_sim::{SimBackend, Simulation};
use loopline_core::backend::{
    Backend, Capabilities, Event, Events, Interest, Key, Network, Readiness, Rewatched, Source,
    Waker,
};

use self::network::Disturbed;
use super::fault::Fault;

/// What is watched on the network, by who watches it.
type Watched = Rc<RefCell<BTreeMap<Key, Interest>>>;

pub(super) struct Simulated {
    inner: SimBackend,
    fault: Option<Fault>,
    /// When it was made, by the clock of the system.
    made: Instant,
    /// By how much its clock is ahead.
    ahead: Cell<Duration>,
    watched: Watched,
    /// What was reported since it was asked for.
    told: BTreeSet<(Key, u8)>,
}

impl Simulated {
    /// A simulation with its network or, for the faults of clocks, one over the
    /// system's sockets.
    pub(super) fn new(fault: Option<Fault>) -> io::Result<Self> {
        let sim = Simulation::new();
        let inner = match fault {
            Some(fault) if fault.is_of_clocks() => sim.backend_over(Box::new(EpollBackend::new()?)),
            _ => sim.backend(),
        };
        Ok(Self {
            inner,
            fault,
            made: Instant::now(),
            ahead: Cell::default(),
            watched: Rc::default(),
            told: BTreeSet::new(),
        })
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn passes(&self, time: Duration) {
        self.ahead.set(self.ahead.get() + time);
    }
}

impl Backend for Simulated {
    fn name(&self) -> &'static str {
        "simulated"
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn watch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<()> {
        self.inner.watch(source, key, want)
    }

    fn rewatch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<Rewatched> {
        self.inner.rewatch(source, key, want)
    }

    fn unwatch(&mut self, source: Source<'_>, key: Key) -> io::Result<()> {
        self.inner.unwatch(source, key)
    }

    fn wait(&mut self, timeout: Option<Duration>, events: &mut Events) -> io::Result<()> {
        const LONG: Duration = Duration::from_secs(1 << 40);
        if self.has(Fault::RefusesLongWaits) && timeout.is_some_and(|timeout| timeout > LONG) {
            return Err(ErrorKind::InvalidInput.into());
        }
        let begin = self.inner.now();
        let mut brought = Events::default();
        self.inner.wait(timeout, &mut brought)?;
        let jumped = timeout.is_some_and(|timeout| self.inner.now() >= begin + timeout.min(LONG));
        if self.has(Fault::ChargesForWakeUps) && brought.is_empty() && !jumped {
            self.passes(Duration::from_nanos(1));
        }
        if self.has(Fault::ChargesForEvents) && !brought.is_empty() {
            self.passes(Duration::from_nanos(1));
        }
        while let Some(Event::Ready { key, ready }) = brought.pop() {
            if self.has(Fault::ReportsStreamsOnce) && !self.told.insert((key, ready.bits())) {
                continue;
            }
            events.push_ready(key, ready);
        }
        if self.has(Fault::ReportsFullStreams) {
            for (key, want) in &*self.watched.borrow() {
                events.push_ready(*key, Readiness::WRITE & (*want).into());
            }
        }
        Ok(())
    }

    fn waker(&self) -> Waker {
        self.inner.waker()
    }

    fn now(&self) -> Instant {
        let now = self.inner.now() + self.ahead.get();
        match self.fault {
            Some(Fault::HasACoarseClock) => {
                let since = now.duration_since(self.made);
                self.made + Duration::from_millis(since.as_millis() as u64)
            }
            Some(Fault::HasAClockThatRuns) => now + self.made.elapsed(),
            _ => now,
        }
    }

    fn hold_clock(&mut self, held: bool) {
        if !self.has(Fault::CannotBeHeld) {
            self.inner.hold_clock(held);
        }
    }

    fn network(&self) -> Option<Rc<dyn Network>> {
        let inner = self.inner.network()?;
        let watched = Rc::clone(&self.watched);
        Some(Rc::new(Disturbed::new(inner, self.fault, watched)))
    }
}
