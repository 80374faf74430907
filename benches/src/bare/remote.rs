//! What another thread has to say: a queue behind a lock, and an eventfd(2).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::epoll::{Epoll, EpollEvent, EpollTimeout};

use super::{new_epoll, readable};
use crate::Fallible;
use crate::bells::{Bell, Bells};
use crate::neighbour::Neighbour;
use crate::subject::Subject;
use crate::workload::CALLS_AT_ONCE;

type Callback = Box<dyn FnOnce() + Send>;

/// What the threads share.
struct Shared {
    queue: Mutex<Vec<Callback>>,
    bell: Bell,
}

/// The next descriptor that rings.
fn bell(epoll: &Epoll) -> Fallible<Bell> {
    let bell = Bells::hang(1, 1)?.into_all().remove(0);
    bell.silence()?;
    epoll.add(&bell, readable(0))?;
    Ok(bell)
}

fn wait(epoll: &Epoll) -> Fallible<()> {
    epoll.wait(&mut [EpollEvent::empty()], EpollTimeout::NONE)?;
    Ok(())
}

pub(super) struct RemoteCalls {
    epoll: Epoll,
    shared: Arc<Shared>,
    neighbour: Neighbour,
    batch: Vec<Callback>,
    done: Arc<AtomicU64>,
}

impl RemoteCalls {
    pub(super) fn new() -> Fallible<Self> {
        let epoll = new_epoll()?;
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            bell: bell(&epoll)?,
        });
        let to = Arc::clone(&shared);
        let done = Arc::new(AtomicU64::new(0));
        let counts = Arc::clone(&done);
        let neighbour = Neighbour::new(move || {
            for _ in 0..CALLS_AT_ONCE {
                let done = Arc::clone(&counts);
                let callback = Box::new(move || {
                    done.fetch_add(1, Ordering::Relaxed);
                });
                let mut queue = to.queue.lock().unwrap_or_else(PoisonError::into_inner);
                let first = queue.is_empty();
                queue.push(callback);
                drop(queue);
                if first {
                    to.bell.ring()?;
                }
            }
            Ok(())
        });
        Ok(Self {
            epoll,
            shared,
            neighbour,
            batch: Vec::new(),
            done,
        })
    }
}

impl Subject for RemoteCalls {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        for _ in 0..requests / CALLS_AT_ONCE {
            let end = self.done.load(Ordering::Relaxed) + CALLS_AT_ONCE;
            self.neighbour.act();
            while self.done.load(Ordering::Relaxed) < end {
                wait(&self.epoll)?;
                self.shared.bell.silence()?;
                let mut queue = self
                    .shared
                    .queue
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                std::mem::swap(&mut *queue, &mut self.batch);
                drop(queue);
                for callback in self.batch.drain(..) {
                    callback();
                }
            }
        }
        Ok(())
    }
}

pub(super) struct Wake {
    epoll: Epoll,
    bell: Arc<Bell>,
    neighbour: Neighbour,
}

impl Wake {
    pub(super) fn new() -> Fallible<Self> {
        let epoll = new_epoll()?;
        let bell = Arc::new(bell(&epoll)?);
        let rings = Arc::clone(&bell);
        Ok(Self {
            epoll,
            bell,
            neighbour: Neighbour::new(move || Ok(rings.ring()?)),
        })
    }
}

impl Subject for Wake {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        for _ in 0..requests {
            self.neighbour.act();
            wait(&self.epoll)?;
            self.bell.silence()?;
        }
        Ok(())
    }
}
