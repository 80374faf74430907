//! Connections that come, have one byte sent back, and are closed.

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};

use nix::sys::epoll::{Epoll, EpollEvent, EpollTimeout};

use super::{BATCH, accept, new_epoll, readable, send};
use crate::Fallible;
use crate::subject::{Subject, listen};

/// What the events of the listener say of themselves; connections say their
/// number.
const LISTENER: usize = usize::MAX;

pub(super) struct Connect {
    listener: TcpListener,
    address: SocketAddr,
    epoll: Epoll,
    connections: Vec<Option<TcpStream>>,
    free: Vec<usize>,
}

impl Connect {
    pub(super) fn new() -> Fallible<Self> {
        let listener = listen()?;
        let epoll = new_epoll()?;
        epoll.add(&listener, readable(LISTENER))?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            epoll,
            connections: Vec::new(),
            free: Vec::new(),
        })
    }

    fn accept_next(&mut self) -> Fallible<()> {
        let stream = accept(&self.listener)?;
        let number = self.free.pop().unwrap_or(self.connections.len());
        self.epoll.add(&stream, readable(number))?;
        if number == self.connections.len() {
            self.connections.push(None);
        }
        self.connections[number] = Some(stream);
        Ok(())
    }

    fn answer(&mut self, number: usize) -> Fallible<()> {
        let Some(mut stream) = self.connections[number].take() else {
            return Err("an event has come for nobody".into());
        };
        let mut byte = [0];
        if stream.read(&mut byte)? == 0 {
            return Err("a client has gone".into());
        }
        send(&stream, &byte)?;
        self.free.push(number);
        // Closing ends the watch.
        Ok(())
    }
}

impl Subject for Connect {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.address)
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let mut served = 0;
        let mut events = [EpollEvent::empty(); BATCH];
        while served < requests {
            let ready = self.epoll.wait(&mut events, EpollTimeout::NONE)?;
            for event in &events[..ready] {
                if event.data() == LISTENER as u64 {
                    self.accept_next()?;
                } else {
                    self.answer(event.data() as usize)?;
                    served += 1;
                }
            }
        }
        Ok(())
    }
}
