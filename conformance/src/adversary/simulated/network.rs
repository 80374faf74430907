//! The network of a simulation, with one fault.

use std::future::Future;
use std::io::{self, ErrorKind, IoSlice};
use std::mem;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use loopline_core::backend::{Connecting, Interest, Key, Network, NetworkListener, NetworkStream};
use loopline_core::{Address, Resolver};

use super::Watched;
use crate::adversary::fault::Fault;

/// What all parts of the network share.
#[derive(Clone)]
struct Part {
    fault: Option<Fault>,
    watched: Watched,
}

impl Part {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn stream(&self, inner: Box<dyn NetworkStream>) -> Box<dyn NetworkStream> {
        Box::new(Stream {
            inner: Kept::new(inner),
            part: self.clone(),
        })
    }
}

pub(super) struct Disturbed {
    inner: Rc<dyn Network>,
    part: Part,
}

impl Disturbed {
    pub(super) fn new(inner: Rc<dyn Network>, fault: Option<Fault>, watched: Watched) -> Self {
        let part = Part { fault, watched };
        Self { inner, part }
    }
}

impl Network for Disturbed {
    fn resolver(&self) -> Rc<dyn Resolver> {
        self.inner.resolver()
    }

    fn connect(&self, peer: &Address, local: Option<SocketAddr>) -> Connecting {
        Box::pin(Attempt {
            inner: self.inner.connect(peer, local),
            part: self.part.clone(),
        })
    }

    fn bind(&self, address: &Address) -> io::Result<Box<dyn NetworkListener>> {
        let inner = match self.inner.bind(address) {
            Err(error) if self.part.has(Fault::GivesAddressesTwice) => {
                let any = Address::Inet(([127, 0, 0, 1], 0).into());
                self.inner.bind(&any).map_err(|_| error)?
            }
            other => other?,
        };
        Ok(Box::new(Listener {
            inner: Kept::new(inner),
            part: self.part.clone(),
        }))
    }
}

/// What goes on although it was dropped: what a fault forgets.
struct Kept<T: ?Sized>(Option<Box<T>>);

impl<T: ?Sized> Kept<T> {
    fn new(inner: Box<T>) -> Self {
        Self(Some(inner))
    }

    fn get(&self) -> &T {
        self.0
            .as_deref()
            .expect("nothing is used once it is dropped")
    }

    fn forget(&mut self) {
        mem::forget(self.0.take());
    }
}

struct Attempt {
    inner: Connecting,
    part: Part,
}

impl Future for Attempt {
    type Output = io::Result<Box<dyn NetworkStream>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let part = self.part.clone();
        self.inner
            .as_mut()
            .poll(context)
            .map(|answer| match answer {
                Ok(inner) => Ok(part.stream(inner)),
                Err(_) if part.has(Fault::MislabelsRefusals) => Err(ErrorKind::TimedOut.into()),
                Err(error) => Err(error),
            })
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.part.has(Fault::KeepsAttempts) {
            let mut context = Context::from_waker(Waker::noop());
            mem::forget(self.inner.as_mut().poll(&mut context));
        }
    }
}

struct Stream {
    inner: Kept<dyn NetworkStream>,
    part: Part,
}

impl NetworkStream for Stream {
    fn watch(&self, key: Key, want: Interest) {
        if want.is_empty() && self.part.has(Fault::WatchesStreamsOn) {
            return;
        }
        self.part.watched.borrow_mut().insert(key, want);
        self.inner.get().watch(key, want);
    }

    fn receive(&self, into: &mut [u8]) -> io::Result<usize> {
        match self.inner.get().receive(into) {
            Ok(0) if self.part.has(Fault::HidesTheEnd) => Err(ErrorKind::WouldBlock.into()),
            Err(error)
                if self.part.has(Fault::EndsInsteadOfResetting)
                    && error.kind() == ErrorKind::ConnectionReset =>
            {
                Ok(0)
            }
            other => other,
        }
    }

    fn send(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut slices = slices.to_vec();
        if self.part.has(Fault::SwapsSlices) {
            slices.reverse();
        }
        match self.inner.get().send(&slices) {
            Err(error)
                if self.part.has(Fault::SwallowsBytes) && error.kind() != ErrorKind::WouldBlock =>
            {
                Ok(slices.iter().map(|slice| slice.len()).sum())
            }
            other => other,
        }
    }

    fn shutdown_write(&self) -> io::Result<()> {
        self.inner.get().shutdown_write()
    }

    fn peername(&self) -> Option<Address> {
        let inner = self.inner.get();
        if self.part.has(Fault::MixesNamesUp) {
            return inner.sockname();
        }
        inner.peername()
    }

    fn sockname(&self) -> Option<Address> {
        let inner = self.inner.get();
        if self.part.has(Fault::MixesNamesUp) {
            return inner.peername();
        }
        inner.sockname()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.part.has(Fault::NeverCloses) {
            self.inner.forget();
        }
    }
}

struct Listener {
    inner: Kept<dyn NetworkListener>,
    part: Part,
}

impl Listener {
    /// Takes the connection that has come last.
    fn accept_last(&self) -> io::Result<Box<dyn NetworkStream>> {
        let mut waiting = vec![self.inner.get().accept()?];
        while let Ok(another) = self.inner.get().accept() {
            waiting.push(another);
        }
        waiting.pop().ok_or_else(|| ErrorKind::WouldBlock.into())
    }
}

impl NetworkListener for Listener {
    fn listen(&self, backlog: u32) -> io::Result<()> {
        self.inner.get().listen(backlog)
    }

    fn watch(&self, key: Key, want: Interest) {
        self.inner.get().watch(key, want);
    }

    fn accept(&self) -> io::Result<Box<dyn NetworkStream>> {
        let accepted = if self.part.has(Fault::AcceptsTheLast) {
            self.accept_last()
        } else {
            self.inner.get().accept()
        };
        Ok(self.part.stream(accepted?))
    }

    fn sockname(&self) -> Address {
        self.inner.get().sockname()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if self.part.has(Fault::KeepsWhoWaits) {
            self.inner.forget();
        }
    }
}
