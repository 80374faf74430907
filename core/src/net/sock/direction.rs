//! Waiting for one direction of a socket that its user has lent.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Poll, Waker};

use crate::backend::{Interest, Source};
use crate::engine::Engine;

/// One direction of a socket. The other one is free meanwhile, so that one task
/// can receive and another one send.
pub(super) struct Direction<'a> {
    engine: &'a Rc<Engine>,
    source: Source<'a>,
    direction: Interest,
    /// What the watch tells, once there is one.
    signal: Option<Rc<Signal>>,
}

#[derive(Default)]
struct Signal {
    ready: Cell<bool>,
    /// The watch has ended: the loop was closed, or somebody has replaced it.
    ended: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Signal {
    fn wake(&self) {
        let waker = self.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The watch's end of a signal.
struct Teller(Rc<Signal>);

impl Drop for Teller {
    fn drop(&mut self) {
        self.0.ended.set(true);
        self.0.wake();
    }
}

impl<'a> Direction<'a> {
    pub(super) fn new(engine: &'a Rc<Engine>, source: Source<'a>, direction: Interest) -> Self {
        Self {
            engine,
            source,
            direction,
            signal: None,
        }
    }

    /// Waits until the direction is ready. Its watch stays for the next time.
    pub(super) async fn ready(&mut self) -> io::Result<()> {
        let signal = match &self.signal {
            Some(signal) => Rc::clone(signal),
            None => self.watch()?,
        };
        signal.ready.set(false);
        poll_fn(|cx| {
            if self.engine.is_closed() {
                return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
            }
            if signal.ended.get() {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::ResourceBusy,
                    "the socket was watched otherwise meanwhile",
                )));
            }
            if signal.ready.get() {
                return Poll::Ready(Ok(()));
            }
            let old = signal.waker.replace(Some(cx.waker().clone()));
            drop(old);
            Poll::Pending
        })
        .await
    }

    fn watch(&mut self) -> io::Result<Rc<Signal>> {
        self.engine.check_direction(self.source, self.direction)?;
        let signal = Rc::<Signal>::default();
        let teller = Teller(Rc::clone(&signal));
        let tell = Box::new(move || {
            teller.0.ready.set(true);
            teller.0.wake();
            Ok(())
        });
        self.engine.add_watch(self.source, self.direction, tell)?;
        self.signal = Some(Rc::clone(&signal));
        Ok(signal)
    }
}

impl Drop for Direction<'_> {
    fn drop(&mut self) {
        if self
            .signal
            .as_ref()
            .is_some_and(|signal| !signal.ended.get())
        {
            // It is ours, so that it can be removed.
            let _ = self.engine.remove_watch(self.source, self.direction);
        }
    }
}
