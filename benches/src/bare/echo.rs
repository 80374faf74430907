//! Messages sent back by a bare epoll loop.

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};

use nix::sys::epoll::{Epoll, EpollEvent, EpollTimeout};

use super::{BATCH, BUFFER, accept, new_epoll, readable, send};
use crate::Fallible;
use crate::subject::{Subject, listen};

pub(super) struct Echo {
    listener: TcpListener,
    address: SocketAddr,
    epoll: Epoll,
    streams: Vec<TcpStream>,
    buffer: Vec<u8>,
    size: usize,
}

impl Echo {
    pub(super) fn new(size: usize) -> Fallible<Self> {
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
    fn address(&self) -> Option<SocketAddr> {
        Some(self.address)
    }

    fn accept(&mut self, connections: usize) -> Fallible<()> {
        for number in 0..connections {
            let stream = accept(&self.listener)?;
            self.epoll.add(&stream, readable(number))?;
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
