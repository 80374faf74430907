//! What another thread has to say: `call_soon_threadsafe`, and a waker.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use loopline::{EventLoop, Loop};

use crate::Fallible;
use crate::neighbour::{Bellboy, Neighbour};
use crate::subject::Subject;
use crate::workload::CALLS_AT_ONCE;

pub(super) struct RemoteCalls {
    event_loop: Loop,
    neighbour: Neighbour,
}

impl RemoteCalls {
    pub(super) fn new(event_loop: Loop) -> Self {
        let remote = event_loop.remote();
        let done = Arc::new(AtomicU64::new(0));
        let neighbour = Neighbour::new(move || {
            for _ in 0..CALLS_AT_ONCE {
                let done = Arc::clone(&done);
                remote.call_soon_threadsafe(move || {
                    done.fetch_add(1, Ordering::Relaxed);
                })?;
            }
            remote.stop();
            Ok(())
        });
        Self {
            event_loop,
            neighbour,
        }
    }
}

impl Subject for RemoteCalls {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        for _ in 0..requests / CALLS_AT_ONCE {
            self.neighbour.act();
            self.event_loop.run_forever()?;
        }
        Ok(())
    }
}

pub(super) struct Wake {
    event_loop: Loop,
    bellboy: Bellboy,
}

impl Wake {
    pub(super) fn new(event_loop: Loop) -> Self {
        Self {
            event_loop,
            bellboy: Bellboy::new(),
        }
    }
}

impl Subject for Wake {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        Ok(self
            .event_loop
            .run_until_complete(self.bellboy.ring(requests))?)
    }
}
