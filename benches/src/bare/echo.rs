//! Messages sent back by a bare epoll loop.

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};

use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags, EpollTimeout};

use super::{accept, new_epoll, send};
use crate::Fallible;
use crate::stage::{Subject, listen};

/// As many events a wait as any workload has connections.
const BATCH: usize = 256;

/// As much a read as loopline takes.
const BUFFER: usize = 256 << 10;

pub(crate) struct Echo {
    listener: TcpListener,
    address: SocketAddr,
    epoll: Epoll,
    streams: Vec<TcpStream>,
    buffer: Vec<u8>,
    size: usize,
}

impl Echo {
    pub(crate) fn new(size: usize) -> Fallible<Self> {
        let listener = listen()?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            epoll: new_epoll()?,
            streams: Vec::new(),
            buffer: vec![0; BUFFER],
            size,
        })
    }
}

impl Subject for Echo {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn accept(&mut self, connections: usize) -> Fallible<()> {
        for index in 0..connections {
            let stream = accept(&self.listener)?;
            let event = EpollEvent::new(EpollFlags::EPOLLIN, index as u64);
            self.epoll.add(&stream, event)?;
            self.streams.push(stream);
        }
        Ok(())
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let mut missing = requests * self.size as u64;
        let mut events = [EpollEvent::empty(); BATCH];
        while missing > 0 {
            let ready = self.epoll.wait(&mut events, EpollTimeout::NONE)?;
            for event in &events[..ready] {
                let mut stream = &self.streams[event.data() as usize];
                let received = stream.read(&mut self.buffer)?;
                if received == 0 {
                    return Err("a client has gone".into());
                }
                send(stream, &self.buffer[..received])?;
                missing -= received as u64;
            }
        }
        Ok(())
    }
}
