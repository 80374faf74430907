//! A loop over the subject's backend, and the check that nothing of a case is
//! left in it.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::panic::{self, AssertUnwindSafe};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Poll, Waker};

use loopline_core::backend::Backend;
use loopline_core::{EventLoop, EventLoopExt, ExceptionContext, Loop, Severity};

use crate::context::Context;
use crate::verdict::{Outcome, Stop};

/// What the exception handler was told.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) severity: Severity,
    pub(crate) text: String,
}

/// A loop over the subject's backend, to which it dereferences.
pub(crate) struct Scene<'a> {
    pub(crate) context: &'a Context,
    event_loop: Loop,
    reports: Rc<RefCell<Vec<Report>>>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(context: &'a Context) -> Result<Self, Stop> {
        Ok(Self::over(context, context.backend()?))
    }

    /// A loop over a backend that the case has made.
    pub(crate) fn over(context: &'a Context, backend: Box<dyn Backend>) -> Self {
        let event_loop = Loop::with_backend(backend);
        let reports = Rc::new(RefCell::new(Vec::new()));
        let log = Rc::clone(&reports);
        event_loop.set_exception_handler(Some(Rc::new(move |context: &ExceptionContext<'_>| {
            log.borrow_mut().push(Report {
                severity: context.severity(),
                text: context.to_string(),
            });
        })));
        Self {
            context,
            event_loop,
            reports,
        }
    }

    /// The end of a case that runs its loop itself: the tear-down.
    pub(crate) fn end(&self) -> Outcome {
        self.event_loop.run_until_complete(self.tear_down())?
    }

    /// What the exception handler was told since this was last asked. A case
    /// that leaves something here fails.
    pub(crate) fn reports(&self) -> Vec<Report> {
        self.reports.take()
    }

    /// Waits until the exception handler was told something, and returns it.
    pub(crate) async fn reported(&self) -> Vec<Report> {
        loop {
            let reports = self.reports();
            if !reports.is_empty() {
                return reports;
            }
            self.turn().await;
        }
    }

    /// Lets the loop make so many turns.
    pub(crate) async fn turns(&self, count: usize) {
        for _ in 0..count {
            self.turn().await;
        }
    }

    /// Polls a future while the loop makes so many turns; whether it has ended.
    ///
    /// # Errors
    ///
    /// That it ended with an error.
    pub(crate) async fn ready_within<T, E: std::error::Error>(
        &self,
        future: &mut (impl Future<Output = Result<T, E>> + Unpin),
        turns: usize,
    ) -> Result<bool, Stop> {
        let mut turns = pin!(self.turns(turns));
        let mut future = Pin::new(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(Ok(_)) => Poll::Ready(Ok(true)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error.into())),
            Poll::Pending => turns.as_mut().poll(cx).map(|()| Ok(false)),
        })
        .await
    }

    /// Waits for `other` while a future goes on that must not end before.
    ///
    /// # Errors
    ///
    /// That it ended.
    pub(crate) async fn while_pending<T: std::fmt::Debug, O>(
        &self,
        future: &mut (impl Future<Output = T> + Unpin),
        other: impl Future<Output = O>,
    ) -> Result<O, Stop> {
        let mut other = pin!(other);
        let mut future = Pin::new(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(ended) => {
                Poll::Ready(Err(Stop::failed(format_args!("it ended: {ended:?}"))))
            }
            Poll::Pending => other.as_mut().poll(cx).map(Ok),
        })
        .await
    }

    /// Waits until the next turn: behind everything that is queued by now.
    async fn turn(&self) {
        let over = Rc::new(Cell::new(false));
        let waker: Rc<Cell<Option<Waker>>> = Rc::default();
        let (signal, wake) = (Rc::clone(&over), Rc::clone(&waker));
        let queued = self.event_loop.call_soon(move || {
            signal.set(true);
            if let Some(waker) = wake.take() {
                waker.wake();
            }
        });
        poll_fn(|cx| {
            if over.get() || queued.is_err() {
                return Poll::Ready(());
            }
            waker.set(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    /// Ends what is left, and checks that everything has ended (line E41).
    async fn tear_down(&self) -> Outcome {
        self.context.doing("ending every connection and server");
        self.event_loop.shutdown().await;
        self.turns(2).await;
        let left = self.event_loop.snapshot();
        for (what, count) in [
            ("readers", left.readers),
            ("writers", left.writers),
            ("transports", left.transports),
            ("listeners", left.listeners),
            ("waiters", left.waiters),
            ("descriptors", left.descriptors),
            ("timers", left.timers),
            ("tasks", left.tasks),
        ] {
            if count > 0 {
                return Err(Stop::failed(format_args!("the case left {count} {what}")));
            }
        }
        match self.reports().first() {
            Some(report) => Err(Stop::failed(format_args!(
                "the exception handler was told: {}",
                report.text
            ))),
            None => Ok(()),
        }
    }
}

impl Deref for Scene<'_> {
    type Target = Loop;

    fn deref(&self) -> &Loop {
        &self.event_loop
    }
}

/// Runs a case on a loop without the tear-down: it leaves something behind on
/// purpose.
pub(crate) fn on_abandoned_loop(
    context: &Context,
    body: impl AsyncFnOnce(&Scene<'_>) -> Outcome,
) -> Outcome {
    let scene = Scene::new(context)?;
    scene.event_loop.run_until_complete(body(&scene))?
}

/// Runs a case of which the first part ends with a panic of user code, and the
/// second finds out what that has left behind.
pub(crate) fn through_a_panic(
    context: &Context,
    first: impl AsyncFnOnce(&Scene<'_>) -> Outcome,
    second: impl AsyncFnOnce(&Scene<'_>) -> Outcome,
) -> Outcome {
    let scene = Scene::new(context)?;
    let run = || scene.event_loop.run_until_complete(first(&scene));
    if let Ok(ended) = panic::catch_unwind(AssertUnwindSafe(run)) {
        ended??;
        return Err(Stop::failed("the panic did not leave the loop"));
    }
    scene.event_loop.run_until_complete(async {
        second(&scene).await?;
        scene.tear_down().await
    })?
}

/// Runs a case on a loop: its body, then the tear-down.
pub(crate) fn on_loop(context: &Context, body: impl AsyncFnOnce(&Scene<'_>) -> Outcome) -> Outcome {
    on_backend(context, context.backend()?, body)
}

/// Runs a case on a loop over a backend that the case has made.
pub(crate) fn on_backend(
    context: &Context,
    backend: Box<dyn Backend>,
    body: impl AsyncFnOnce(&Scene<'_>) -> Outcome,
) -> Outcome {
    let scene = Scene::over(context, backend);
    scene.event_loop.run_until_complete(async {
        body(&scene).await?;
        scene.tear_down().await
    })?
}
