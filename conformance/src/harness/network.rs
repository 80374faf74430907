//! A network of the backend's own in the hands of a case.

use std::future::Future;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context as TaskContext, Poll, Waker};

use loopline_core::Address;
use loopline_core::backend::{Network, NetworkListener, NetworkStream};

use super::driver::Driver;
use crate::context::Context;
use crate::verdict::Stop;

/// Any port of this machine.
pub(crate) fn anywhere() -> Address {
    Address::Inet(([127, 0, 0, 1], 0).into())
}

/// A backend and its network.
pub(crate) struct Networked {
    pub(crate) driver: Driver,
    pub(crate) network: Rc<dyn Network>,
}

impl Networked {
    pub(crate) fn new(context: &Context) -> Result<Self, Stop> {
        let driver = Driver::new(context)?;
        let network = driver.backend.network();
        let network = network.ok_or_else(|| Stop::failed("there is no network"))?;
        Ok(Self { driver, network })
    }

    pub(crate) fn listener(&self, backlog: u32) -> io::Result<Box<dyn NetworkListener>> {
        let listener = self.network.bind(&anywhere())?;
        listener.listen(backlog)?;
        Ok(listener)
    }

    /// Connects, by as many waits as it takes.
    pub(crate) fn connect(&mut self, to: &Address) -> io::Result<Box<dyn NetworkStream>> {
        let mut attempt = self.network.connect(to, None);
        let mut context = TaskContext::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(connected) = pin!(&mut attempt).poll(&mut context) {
                return connected;
            }
            self.driver.wait(None)?;
        }
    }

    /// The two ends of a connection: who has connected, and who has accepted.
    pub(crate) fn pair(&mut self) -> io::Result<Ends> {
        let listener = self.listener(1)?;
        let client = self.connect(&listener.sockname())?;
        Ok((client, listener.accept()?))
    }
}

/// Both ends of a connection.
pub(crate) type Ends = (Box<dyn NetworkStream>, Box<dyn NetworkStream>);

/// Sends all of this; there is room for it.
pub(crate) fn send(stream: &dyn NetworkStream, mut data: &[u8]) -> io::Result<()> {
    while !data.is_empty() {
        let count = stream.send(&[IoSlice::new(data)])?;
        data = &data[count..];
    }
    Ok(())
}

/// Sends until nothing more is taken; how many bytes that were.
pub(crate) fn fill(stream: &dyn NetworkStream) -> io::Result<usize> {
    let bytes = [b'.'; 4096];
    let mut sent = 0;
    loop {
        match stream.send(&[IoSlice::new(&bytes)]) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(sent),
            Err(error) => return Err(error),
        }
    }
}

/// What has arrived, and whether the stream has ended behind it.
pub(crate) fn drain(stream: &dyn NetworkStream) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    let mut some = [0; 1000];
    loop {
        match stream.receive(&mut some) {
            Ok(0) => return Ok((bytes, true)),
            Ok(count) => bytes.extend_from_slice(&some[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok((bytes, false)),
            Err(error) => return Err(error),
        }
    }
}
