//! What needs no client.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};
use std::time::Instant;

use tokio::io::unix::AsyncFd;
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep_until;

use crate::Fallible;
use crate::bells::{Bell, Bells};
use crate::delays::Delays;
use crate::neighbour::{Bellboy, Neighbour};
use crate::peers::progress::Progress;
use crate::subject::Subject;
use crate::sys::async_fd;
use crate::workload::CALLS_AT_ONCE;

fn runtime() -> Fallible<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

pub(super) struct Watch {
    runtime: Runtime,
    progress: Progress,
}

impl Watch {
    pub(super) fn new(descriptors: usize, active: usize) -> Fallible<Self> {
        let runtime = runtime()?;
        let progress = Progress::default();
        let within = runtime.enter();
        for bell in Bells::hang(descriptors, active)?.into_all() {
            let bell = async_fd::watch(bell)?;
            runtime.spawn(watch(bell, progress.clone()));
        }
        drop(within);
        Ok(Self { runtime, progress })
    }
}

async fn watch(bell: AsyncFd<Bell>, progress: Progress) {
    loop {
        let Ok(mut ready) = bell.readable().await else {
            return progress.client_gone();
        };
        // It is made ready anew at once, which is an event of its own.
        ready.clear_ready();
        if bell.get_ref().answer().is_err() {
            return progress.client_gone();
        }
        progress.count(1);
    }
}

impl Subject for Watch {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.progress.set(requests);
        self.runtime.block_on(self.progress.finish())
    }
}

pub(super) struct Fire {
    runtime: Runtime,
    progress: Progress,
}

impl Fire {
    pub(super) fn new() -> Fallible<Self> {
        Ok(Self {
            runtime: runtime()?,
            progress: Progress::default(),
        })
    }
}

impl Subject for Fire {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.progress.set(requests);
        self.runtime.block_on(async {
            for delay in Delays::of(requests) {
                let when = Instant::now() + delay;
                let progress = self.progress.clone();
                tokio::spawn(async move {
                    sleep_until(when.into()).await;
                    progress.count(1);
                });
            }
            self.progress.finish().await
        })
    }
}

pub(super) struct Cancel(Runtime);

impl Cancel {
    pub(super) fn new() -> Fallible<Self> {
        Ok(Self(runtime()?))
    }
}

impl Subject for Cancel {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let _within = self.0.enter();
        let mut context = Context::from_waker(Waker::noop());
        let mut timers = Vec::with_capacity(requests as usize);
        for delay in Delays::of(requests) {
            let mut timer = Box::pin(sleep_until((Instant::now() + delay).into()));
            // A timer is set when it is first polled.
            let _ = timer.as_mut().poll(&mut context);
            timers.push(timer);
        }
        drop(timers);
        Ok(())
    }
}

pub(super) struct Calls {
    runtime: Runtime,
    progress: Progress,
}

impl Calls {
    pub(super) fn new() -> Fallible<Self> {
        Ok(Self {
            runtime: runtime()?,
            progress: Progress::default(),
        })
    }
}

impl Subject for Calls {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.runtime.block_on(async {
            for _ in 0..requests / CALLS_AT_ONCE {
                self.progress.set(CALLS_AT_ONCE);
                for _ in 0..CALLS_AT_ONCE {
                    let progress = self.progress.clone();
                    tokio::spawn(async move { progress.count(1) });
                }
                self.progress.finish().await?;
            }
            Ok(())
        })
    }
}

pub(super) struct RemoteCalls {
    runtime: Runtime,
    neighbour: Neighbour,
    batch: Progress,
}

impl RemoteCalls {
    pub(super) fn new() -> Fallible<Self> {
        let runtime = runtime()?;
        let handle = runtime.handle().clone();
        let batch = Progress::default();
        let counts = batch.clone();
        let done = Arc::new(AtomicU64::new(0));
        let neighbour = Neighbour::new(move || {
            for _ in 0..CALLS_AT_ONCE {
                let done = Arc::clone(&done);
                handle.spawn(async move {
                    done.fetch_add(1, Ordering::Relaxed);
                });
            }
            let counts = counts.clone();
            handle.spawn(async move { counts.count(1) });
            Ok(())
        });
        Ok(Self {
            runtime,
            neighbour,
            batch,
        })
    }
}

impl Subject for RemoteCalls {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        for _ in 0..requests / CALLS_AT_ONCE {
            self.batch.set(1);
            self.neighbour.act();
            self.runtime.block_on(self.batch.finish())?;
        }
        Ok(())
    }
}

pub(super) struct Wake {
    runtime: Runtime,
    bellboy: Bellboy,
}

impl Wake {
    pub(super) fn new() -> Fallible<Self> {
        Ok(Self {
            runtime: runtime()?,
            bellboy: Bellboy::new(),
        })
    }
}

impl Subject for Wake {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.runtime.block_on(pin!(self.bellboy.ring(requests)));
        Ok(())
    }
}
