//! A backend with one fault.

mod files;
mod waker;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use loopline_backend_epoll::EpollBackend;
use loopline_core::backend::{
    Backend, BorrowedFile, Capabilities, Event, Events, Interest, Key, Readiness, Rewatched,
    SendFile, Sent, Source, Waker,
};

use self::waker::Bell;
use super::fault::Fault;

/// What [`Fault::ReportsTheFirstFew`] takes for a few.
const FEW: u32 = 1000;

/// After how many waits a case must be one that has been given up. It goes on
/// until the process ends, and is to leave the processor to the others.
const PATIENCE: u32 = 20_000;

pub(super) struct Faulty {
    inner: EpollBackend,
    fault: Fault,
    bell: Arc<Bell>,
    /// The books: what was watched under which number.
    books: BTreeMap<u64, Key>,
    /// What was reported since it was asked for.
    told: BTreeSet<(Key, u8)>,
    /// Whether everything has been unwatched.
    mute: bool,
    done: Vec<Key>,
    waits: u32,
    /// Closed with the backend.
    _kept: Option<OwnedFd>,
}

impl Faulty {
    pub(super) fn new(fault: Fault) -> io::Result<Self> {
        let kept = match fault {
            Fault::PassesDescriptorsOn => Some(files::inherited()?),
            _ => None,
        };
        let inner = EpollBackend::new()?;
        Ok(Self {
            bell: Arc::new(Bell::new(fault, inner.waker())),
            inner,
            fault,
            books: BTreeMap::new(),
            told: BTreeSet::new(),
            mute: fault == Fault::ReportsNothing,
            done: Vec::new(),
            waits: 0,
            _kept: kept,
        })
    }

    fn key_for(&self, source: Source<'_>, key: Key) -> Key {
        match self.fault {
            Fault::KeepsTheFirstKey => *self.books.get(&source.number()).unwrap_or(&key),
            Fault::CutsKeys => Key::new(key.slot(), key.generation() & 0x7fff_ffff),
            Fault::KnowsOnlySlots => Key::new(key.slot(), 1),
            _ => key,
        }
    }

    fn timeout_for(&self, timeout: Option<Duration>) -> Option<Duration> {
        let millis = timeout.map(|timeout| timeout.as_millis());
        match (self.fault, timeout, millis) {
            (Fault::RoundsDown, _, Some(millis)) => {
                Some(Duration::from_millis(millis.try_into().unwrap_or(u64::MAX)))
            }
            (Fault::ReadsZeroAsForever, Some(Duration::ZERO), _) => None,
            (Fault::CutsTimeouts, _, Some(millis)) => {
                Some(Duration::from_millis((millis & 0xf) as u64))
            }
            (Fault::GivesUpWaiting, None, _) => Some(Duration::from_millis(1)),
            (_, timeout, _) => timeout,
        }
    }

    fn report(&mut self, key: Key, ready: Readiness, events: &mut Events) {
        let ready = match self.fault {
            _ if self.mute => return,
            Fault::ReportsTheFirstFew if key.slot() >= FEW => return,
            Fault::ReportsOnce if !self.told.insert((key, ready.bits())) => return,
            Fault::ReportsBoth => Readiness::all(),
            _ => ready,
        };
        events.push_ready(key, ready);
    }

    /// Adds what has not happened.
    fn invent(&mut self, woken: bool, events: &mut Events) {
        match self.fault {
            Fault::ReportsTheIdle => {
                for key in self.books.values() {
                    events.push_ready(*key, Readiness::all());
                }
            }
            Fault::ReportsWakeUps if woken => events.push_ready(Key::RESERVED, Readiness::READ),
            Fault::HearsEchoes if woken => self.inner.waker().wake(),
            _ => {}
        }
        for key in self.done.drain(..) {
            events.push_done(key, Ok(0));
        }
    }

    fn accepted<T>(&self, answer: io::Result<T>, taken: T) -> io::Result<T> {
        match (self.fault, answer) {
            (Fault::TakesFiles, Err(_)) => Ok(taken),
            (Fault::Mislabels, Err(_)) => Err(ErrorKind::PermissionDenied.into()),
            (_, answer) => answer,
        }
    }
}

impl Backend for Faulty {
    fn name(&self) -> &'static str {
        "faulty"
    }

    fn capabilities(&self) -> Capabilities {
        match self.fault {
            Fault::DeniesWhatItCan => Capabilities::default(),
            _ => self.inner.capabilities(),
        }
    }

    fn watch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<()> {
        if self.fault == Fault::TrustsItsBooks && self.books.contains_key(&source.number()) {
            return Ok(());
        }
        let key = self.key_for(source, key);
        let answer = self.inner.watch(source, key, want);
        self.accepted(answer, ())?;
        self.books.insert(source.number(), key);
        Ok(())
    }

    fn rewatch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<Rewatched> {
        let known = self.books.contains_key(&source.number());
        if self.fault == Fault::TrustsItsBooks && known {
            return Ok(Rewatched::Changed);
        }
        if self.fault == Fault::RefusesTheUnknown && !known {
            return Err(ErrorKind::NotFound.into());
        }
        let key = self.key_for(source, key);
        let answer = self.inner.rewatch(source, key, want);
        let rewatched = self.accepted(answer, Rewatched::Changed)?;
        self.books.insert(source.number(), key);
        Ok(match self.fault {
            Fault::SeesNoDifference => Rewatched::Changed,
            _ => rewatched,
        })
    }

    fn unwatch(&mut self, source: Source<'_>, key: Key) -> io::Result<()> {
        match self.fault {
            Fault::DoesNotUnwatch | Fault::ReportsTheIdle => return Ok(()),
            Fault::UnwatchesEverything => self.mute = true,
            _ => {}
        }
        let known = self.books.remove(&source.number()).is_some();
        if self.fault == Fault::RefusesTheUnknown && !known {
            return Err(ErrorKind::NotFound.into());
        }
        self.inner.unwatch(source, key)
    }

    fn wait(&mut self, timeout: Option<Duration>, events: &mut Events) -> io::Result<()> {
        self.waits += 1;
        if self.waits > PATIENCE {
            thread::sleep(Duration::from_millis(10));
        }
        let mut brought = Events::default();
        self.inner.wait(self.timeout_for(timeout), &mut brought)?;
        let woken = self.bell.taken();
        if self.fault == Fault::ReportsInterruptions
            && timeout.is_none()
            && brought.is_empty()
            && !woken
        {
            return Err(ErrorKind::Interrupted.into());
        }
        while let Some(Event::Ready { key, ready }) = brought.pop() {
            self.report(key, ready, events);
        }
        self.invent(woken, events);
        Ok(())
    }

    fn waker(&self) -> Waker {
        self.bell.waker()
    }

    fn send_file(&mut self, _key: Key, job: &SendFile<'_>) -> io::Result<Sent> {
        files::send(&mut self.inner, self.fault, job)
    }

    fn cancel(&mut self, key: Key) {
        if self.fault == Fault::InventsJobs {
            self.done.push(key);
        }
    }

    fn read_file(
        &mut self,
        file: BorrowedFile<'_>,
        offset: u64,
        into: &mut [u8],
    ) -> io::Result<usize> {
        files::read(&mut self.inner, self.fault, file, offset, into)
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.bell.gone();
        if self.fault == Fault::LeaksDescriptors {
            std::mem::forget(files::inherited());
        }
    }
}
