//! The backend: a wait that jumps.

use std::fmt;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use loopline_core::backend::{
    Backend, BorrowedFile, Capabilities, Events, Interest, Key, Network, Rewatched, SendFile, Sent,
    Source, Waker,
};

use crate::network::SimNetwork;
use crate::simulation::ClockHeld;
use crate::wake::Alarm;
use crate::watches::Watches;
use crate::world::{END, World};

/// A [`Backend`] in a [`Simulation`](crate::Simulation).
pub struct SimBackend {
    world: Rc<World>,
    watches: Rc<Watches>,
    alarm: Arc<Alarm>,
    /// What watches descriptors of the system.
    system: Option<Box<dyn Backend>>,
    /// While the loop has given something to other threads.
    held: Option<ClockHeld>,
}

impl SimBackend {
    pub(crate) fn new(world: &Rc<World>, system: Option<Box<dyn Backend>>) -> Self {
        Self {
            world: Rc::clone(world),
            watches: Rc::default(),
            alarm: Alarm::new(system.as_ref().map(|system| system.waker())),
            system,
            held: None,
        }
    }

    fn system(&mut self) -> io::Result<&mut Box<dyn Backend>> {
        self.system.as_mut().ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::Unsupported,
                "the simulation watches no descriptors of the system",
            )
        })
    }

    /// What is there by now. Answers whether a wait is over.
    fn look(&mut self, events: &mut Events) -> io::Result<bool> {
        self.world.run_due();
        if let Some(system) = &mut self.system {
            system.wait(Some(Duration::ZERO), events)?;
        }
        // After the system was asked: what woke it has rung before. Both are
        // taken, since each ends one wait.
        let woken = self.alarm.take() | self.world.take_stirred();
        self.watches.report(&self.world, events);
        Ok(woken || !events.is_empty())
    }

    /// Waits, by the system's clock, for what the simulation does not know of.
    fn block(&mut self, events: &mut Events, limit: Option<Duration>) -> io::Result<()> {
        let woken = match &mut self.system {
            Some(system) => {
                let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
                system.wait(limit, events)?;
                deadline.is_none_or(|deadline| Instant::now() < deadline) || !events.is_empty()
            }
            None => self.alarm.wait(limit),
        };
        if woken {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "nothing is left that could happen in the simulation",
        ))
    }
}

impl Backend for SimBackend {
    fn name(&self) -> &'static str {
        "sim"
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = match &self.system {
            Some(system) => system.capabilities(),
            None => Capabilities::default(),
        };
        capabilities.watches_sockets &= self.system.is_some();
        capabilities.virtual_clock = true;
        capabilities.network = self.system.is_none();
        capabilities
    }

    fn watch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<()> {
        self.system()?.watch(source, key, want)
    }

    fn rewatch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<Rewatched> {
        self.system()?.rewatch(source, key, want)
    }

    fn unwatch(&mut self, source: Source<'_>, key: Key) -> io::Result<()> {
        match &mut self.system {
            Some(system) => system.unwatch(source, key),
            None => Ok(()),
        }
    }

    fn wait(&mut self, timeout: Option<Duration>, events: &mut Events) -> io::Result<()> {
        self.world.take_stirred();
        let begin = self.world.elapsed();
        let deadline = timeout.map(|timeout| begin.saturating_add(timeout));
        self.world.begin_turn();
        loop {
            if self.look(events)? || deadline.is_some_and(|end| end <= self.world.elapsed()) {
                return Ok(());
            }
            let next = [deadline, self.world.next()].into_iter().flatten().min();
            let next = next.filter(|time| *time <= END);
            match next {
                Some(time) if !self.world.is_held() => self.world.advance_to(time),
                Some(_) => self.block(events, None)?,
                None => self.block(events, self.world.stall_limit())?,
            }
            if !events.is_empty() {
                // Asked again, the system would report it again.
                return Ok(());
            }
        }
    }

    fn waker(&self) -> Waker {
        self.alarm.waker()
    }

    fn now(&self) -> Instant {
        self.world.now()
    }

    fn hold_clock(&mut self, held: bool) {
        self.held = held.then(|| ClockHeld::new(&self.world));
    }

    fn network(&self) -> Option<Rc<dyn Network>> {
        if self.system.is_some() {
            return None;
        }
        Some(Rc::new(SimNetwork::new(&self.world, &self.watches)))
    }

    fn send_file(&mut self, key: Key, job: &SendFile<'_>) -> io::Result<Sent> {
        self.system()?.send_file(key, job)
    }

    fn cancel(&mut self, key: Key) {
        if let Some(system) = &mut self.system {
            system.cancel(key);
        }
    }

    fn read_file(
        &mut self,
        file: BorrowedFile<'_>,
        offset: u64,
        into: &mut [u8],
    ) -> io::Result<usize> {
        match &mut self.system {
            Some(system) => system.read_file(file, offset, into),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl fmt::Debug for SimBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimBackend")
            .field("elapsed", &self.world.elapsed())
            .finish_non_exhaustive()
    }
}
