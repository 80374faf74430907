//! What needs no client.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};
use std::time::Instant;

use async_io::{Async, Timer};
use smol::{Executor, LocalExecutor, block_on};

use crate::Fallible;
use crate::bells::{Bell, Bells};
use crate::delays::Delays;
use crate::neighbour::{Bellboy, Neighbour};
use crate::peers::progress::Progress;
use crate::subject::Subject;
use crate::workload::CALLS_AT_ONCE;

pub(super) struct Watch {
    executor: LocalExecutor<'static>,
    progress: Progress,
}

impl Watch {
    pub(super) fn new(descriptors: usize, active: usize) -> Fallible<Self> {
        let executor = LocalExecutor::new();
        let progress = Progress::default();
        for bell in Bells::hang(descriptors, active)?.into_all() {
            let task = watch(Async::new(bell)?, progress.clone());
            executor.spawn(task).detach();
        }
        Ok(Self { executor, progress })
    }
}

async fn watch(bell: Async<Bell>, progress: Progress) {
    while bell.readable().await.is_ok() && bell.get_ref().answer().is_ok() {
        progress.count(1);
    }
    progress.client_gone();
}

impl Subject for Watch {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.progress.set(requests);
        block_on(self.executor.run(self.progress.finish()))
    }
}

#[derive(Default)]
pub(super) struct Fire {
    executor: LocalExecutor<'static>,
    progress: Progress,
}

impl Subject for Fire {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.progress.set(requests);
        block_on(self.executor.run(async {
            for delay in Delays::of(requests) {
                let when = Instant::now() + delay;
                let progress = self.progress.clone();
                let task = async move {
                    Timer::at(when).await;
                    progress.count(1);
                };
                self.executor.spawn(task).detach();
            }
            self.progress.finish().await
        }))
    }
}

pub(super) struct Cancel;

impl Subject for Cancel {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let mut context = Context::from_waker(Waker::noop());
        let mut timers = Vec::with_capacity(requests as usize);
        for delay in Delays::of(requests) {
            let mut timer = Timer::at(Instant::now() + delay);
            // A timer is set when it is first polled.
            let _ = Pin::new(&mut timer).poll(&mut context);
            timers.push(timer);
        }
        drop(timers);
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct Calls {
    executor: LocalExecutor<'static>,
    progress: Progress,
}

impl Subject for Calls {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        block_on(self.executor.run(async {
            for _ in 0..requests / CALLS_AT_ONCE {
                self.progress.set(CALLS_AT_ONCE);
                for _ in 0..CALLS_AT_ONCE {
                    let progress = self.progress.clone();
                    let task = async move { progress.count(1) };
                    self.executor.spawn(task).detach();
                }
                self.progress.finish().await?;
            }
            Ok(())
        }))
    }
}

pub(super) struct RemoteCalls {
    executor: Arc<Executor<'static>>,
    neighbour: Neighbour,
    batch: Progress,
}

impl RemoteCalls {
    pub(super) fn new() -> Self {
        let executor = Arc::new(Executor::new());
        let from = Arc::clone(&executor);
        let batch = Progress::default();
        let counts = batch.clone();
        let done = Arc::new(AtomicU64::new(0));
        let neighbour = Neighbour::new(move || {
            for _ in 0..CALLS_AT_ONCE {
                let done = Arc::clone(&done);
                let task = async move {
                    done.fetch_add(1, Ordering::Relaxed);
                };
                from.spawn(task).detach();
            }
            let counts = counts.clone();
            from.spawn(async move { counts.count(1) }).detach();
            Ok(())
        });
        Self {
            executor,
            neighbour,
            batch,
        }
    }
}

impl Subject for RemoteCalls {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        for _ in 0..requests / CALLS_AT_ONCE {
            self.batch.set(1);
            self.neighbour.act();
            block_on(self.executor.run(self.batch.finish()))?;
        }
        Ok(())
    }
}

pub(super) struct Wake(Bellboy);

impl Wake {
    pub(super) fn new() -> Self {
        Self(Bellboy::new())
    }
}

impl Subject for Wake {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        block_on(self.0.ring(requests));
        Ok(())
    }
}
