//! A stream over a transport of one's own, which is no socket.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::IoSlice;
use std::rc::{Rc, Weak};
use std::time::Duration;

use loopline::prelude::*;
use loopline::{HandOver, LimitsError, TransportSocket, WriteBufferLimits, WriteError};

use crate::harness::{Failing, Failure, on_loop, once, settle};
use crate::upgrade::upgrade;

/// One end of a connection inside the process.
struct Memory {
    event_loop: LoopHandle,
    peer: RefCell<Weak<Self>>,
    /// What the peer has written.
    inbox: RefCell<VecDeque<u8>>,
    protocol: RefCell<Option<SharedProtocol>>,
    limits: Cell<WriteBufferLimits>,
    told: Cell<bool>,
    paused: Cell<bool>,
    ended: Cell<bool>,
    /// Whether a layer may take it over, which it then holds as its protocol.
    upgradable: bool,
}

/// Takes nothing from anybody.
struct Nobody;

impl Protocol for Nobody {}

impl Memory {
    fn new(event_loop: &Loop, upgradable: bool) -> Rc<Self> {
        Rc::new(Self {
            event_loop: event_loop.handle(),
            peer: RefCell::default(),
            inbox: RefCell::default(),
            protocol: RefCell::new(Some(Rc::new(RefCell::new(Nobody)))),
            limits: Cell::new(WriteBufferLimits { low: 0, high: 10 }),
            told: Cell::new(false),
            paused: Cell::new(false),
            ended: Cell::new(false),
            upgradable,
        })
    }

    fn pair(event_loop: &Loop, upgradable: bool) -> (Rc<Self>, Rc<Self>) {
        let one = Self::new(event_loop, upgradable);
        let other = Self::new(event_loop, upgradable);
        one.peer.replace(Rc::downgrade(&other));
        other.peer.replace(Rc::downgrade(&one));
        (one, other)
    }

    fn peer(&self) -> Option<Rc<Self>> {
        self.peer.borrow().upgrade()
    }

    /// Delivers what it can in a turn of its own.
    fn wake(self: &Rc<Self>) {
        let this = Rc::clone(self);
        let _ = self.event_loop.call_soon(move || this.deliver());
    }

    fn deliver(self: &Rc<Self>) -> Outcome {
        let Some(protocol) = self.protocol.borrow().clone() else {
            return Ok(());
        };
        if !self.paused.get() && !self.inbox.borrow().is_empty() {
            let mut protocol = protocol.borrow_mut();
            if let Some(buffered) = protocol.as_buffered() {
                let mut inbox = self.inbox.borrow_mut();
                let space = buffered.buffer(None)?;
                let count = space.len().min(inbox.len());
                for (to, from) in space.iter_mut().zip(inbox.drain(..count)) {
                    *to = from;
                }
                drop(inbox);
                buffered.buffer_updated(count)?;
            } else {
                let data = Vec::from(self.inbox.take());
                protocol.data_received(&data)?;
            }
            drop(protocol);
            if let Some(peer) = self.peer() {
                peer.judge();
            }
            self.wake();
        } else if self.ended.get() && self.inbox.borrow().is_empty() {
            let stays = protocol.borrow_mut().eof_received()?;
            assert!(!stays, "it has no half-open state");
            protocol.borrow_mut().connection_lost(None)?;
            self.protocol.take();
        }
        Ok(())
    }

    fn judge(&self) {
        let (queued, limits) = (self.write_buffer_size(), self.limits.get());
        let Some(protocol) = self.protocol.borrow().clone() else {
            return;
        };
        if !self.told.get() && queued > limits.high {
            self.told.set(true);
            let _ = protocol.borrow_mut().pause_writing();
        } else if self.told.get() && queued <= limits.low {
            self.told.set(false);
            let _ = protocol.borrow_mut().resume_writing();
        }
    }
}

/// A handle on an end.
struct Handle(Rc<Memory>);

impl Transport for Handle {
    fn write(&self, data: &[u8]) -> Result<Flow, WriteError> {
        let Some(peer) = self.0.peer().filter(|_| !self.is_closing()) else {
            return Ok(Flow::Closed);
        };
        peer.inbox.borrow_mut().extend(data);
        peer.wake();
        self.0.judge();
        Ok(Flow::Open)
    }

    fn writelines(&self, lines: &[IoSlice<'_>]) -> Result<Flow, WriteError> {
        self.write(
            &lines
                .iter()
                .flat_map(|line| line.to_vec())
                .collect::<Vec<_>>(),
        )
    }

    fn write_eof(&self) -> Result<(), WriteError> {
        Err(WriteError::EofUnsupported)
    }

    fn can_write_eof(&self) -> bool {
        false
    }

    fn close(&self) {
        for end in [Some(Rc::clone(&self.0)), self.0.peer()]
            .into_iter()
            .flatten()
        {
            end.ended.set(true);
            end.wake();
        }
    }

    fn abort(&self) {
        self.close();
    }

    fn is_closing(&self) -> bool {
        self.0.ended.get()
    }

    fn set_close_timeout(&self, _: Option<Duration>) {}

    fn pause_reading(&self) {
        self.0.paused.set(true);
    }

    fn resume_reading(&self) {
        self.0.paused.set(false);
        self.0.wake();
    }

    fn is_reading(&self) -> bool {
        !self.0.paused.get()
    }

    fn set_write_buffer_limits(
        &self,
        high: Option<usize>,
        low: Option<usize>,
    ) -> Result<(), LimitsError> {
        let high = high.unwrap_or(10);
        let low = low.unwrap_or(0);
        self.0.limits.set(WriteBufferLimits { low, high });
        self.0.judge();
        Ok(())
    }

    fn write_buffer_limits(&self) -> WriteBufferLimits {
        self.0.limits.get()
    }

    fn write_buffer_size(&self) -> usize {
        self.0.write_buffer_size()
    }

    fn set_protocol(&self, protocol: SharedProtocol) -> Option<SharedProtocol> {
        let mut place = self.0.protocol.borrow_mut();
        place.as_ref()?;
        place.replace(protocol)
    }

    fn protocol(&self) -> Option<SharedProtocol> {
        self.0.protocol.borrow().clone()
    }

    fn peername(&self) -> Option<Address> {
        None
    }

    fn sockname(&self) -> Option<Address> {
        None
    }

    fn socket(&self) -> Option<TransportSocket> {
        None
    }

    fn hand_over(&self) -> Option<HandOver> {
        let below = || Rc::new(Self(Rc::clone(&self.0)));
        let upgradable = self.0.upgradable;
        upgradable.then(|| HandOver::new(below(), |_layer| ()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Memory {
    fn write_buffer_size(&self) -> usize {
        self.peer().map_or(0, |peer| peer.inbox.borrow().len())
    }
}

fn stream(event_loop: &Loop, end: Rc<Memory>) -> Result<Stream, Failure> {
    let transport: Rc<dyn Transport> = Rc::new(Handle(end));
    Ok(Stream::over(event_loop, &transport)?)
}

fn streams(event_loop: &Loop) -> Result<(Stream, Stream), Failure> {
    let (one, other) = Memory::pair(event_loop, false);
    Ok((stream(event_loop, one)?, stream(event_loop, other)?))
}

#[test]
fn reads_and_writes_within_the_limit() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut ours, mut theirs) = streams(event_loop)?;
        ours.set_limit(100);
        theirs.set_limit(100);
        assert!(once(ours.write_all(&[3; 10_000])).await.is_none());
        assert_eq!(ours.transport().write_buffer_size(), 100);
        settle(event_loop).await;
        assert_eq!(theirs.take_unread(), [3; 100]);
        ours.write_all(b"line\n").await?;
        let mut rest = theirs.read_until("\n").await?;
        rest.retain(|byte| *byte != 3);
        assert_eq!(rest, b"line\n");
        ours.flush().await?;
        ours.close().await?;
        assert!(theirs.read_exact(1).await.failed()?.is_end());
        Ok(())
    })
}

#[test]
fn what_it_cannot_do_is_a_typed_error() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut ours, theirs) = streams(event_loop)?;
        let error = ours.write_eof().failed()?;
        assert_eq!(error, WriteError::EofUnsupported);
        let file = tempfile::tempfile()?;
        let error = ours.sendfile(file, SendFileOptions::default()).await;
        assert_eq!(error.failed()?.sent(), 0);
        let contexts = crate::harness::contexts()?;
        let options = StartTlsOptions::default().server_side(true);
        let error = ours.start_tls(&*contexts.server, options).await;
        assert!(matches!(error, Err(StartTlsError::Unsupported)));
        let transport = ours.transport();
        ours.close().await?;
        assert!(Stream::over(event_loop, &transport).is_err(), "it is lost");
        drop(theirs);
        Ok(())
    })
}

/// Each end holds the layer over it, which holds the end: a knot that nobody but the
/// loop can untie.
#[test]
fn a_loop_that_is_closed_lets_go_of_tls_over_it() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    let (one, other) = Memory::pair(&event_loop, true);
    let ends = [Rc::downgrade(&one), Rc::downgrade(&other)];
    let streams = event_loop.run_until_complete(async {
        let plain = (stream(&event_loop, one)?, stream(&event_loop, other)?);
        let (mut client, mut server) = upgrade(&event_loop, plain).await?;
        client.write_all(b"secret").await?;
        assert_eq!(server.read_exact(6).await?, b"secret");
        Ok::<_, Failure>((client, server))
    })??;
    assert_eq!(event_loop.snapshot().layers, 2);
    event_loop.close()?;
    assert_eq!(event_loop.snapshot().layers, 0);
    drop(streams);
    assert!(ends.iter().all(|end| end.strong_count() == 0));
    Ok(())
}
