//! Plain connections.

use std::io::{self, Read};
use std::net::SocketAddr;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Token};

use super::{BUFFER, LISTENER, Net, events, send};
use crate::Fallible;
use crate::subject::Subject;

pub(super) struct Echo {
    net: Net,
    events: Events,
    streams: Vec<TcpStream>,
    buffer: Vec<u8>,
    size: usize,
}

impl Echo {
    pub(super) fn new(size: usize) -> Fallible<Self> {
        Ok(Self {
            net: Net::new()?,
            events: events(),
            streams: Vec::new(),
            buffer: vec![0; BUFFER],
            size,
        })
    }
}

impl Subject for Echo {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.net.address)
    }

    fn accept(&mut self, connections: usize) -> Fallible<()> {
        for number in 0..connections {
            let stream = self.net.accept(number, Interest::READABLE)?;
            self.streams.push(stream);
        }
        Ok(())
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let mut missing = requests * self.size as u64;
        while missing > 0 {
            self.net.poll.poll(&mut self.events, None)?;
            for event in &self.events {
                let stream = &self.streams[event.token().0];
                loop {
                    let received = (&*stream).read(&mut self.buffer)?;
                    if received == 0 {
                        return Err("a client has gone".into());
                    }
                    send(stream, &self.buffer[..received])?;
                    missing -= received as u64;
                    if received < self.buffer.len() {
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

pub(super) struct Connect {
    net: Net,
    listener: TcpListener,
    events: Events,
    connections: Vec<Option<TcpStream>>,
    free: Vec<usize>,
}

impl Connect {
    pub(super) fn new() -> Fallible<Self> {
        let net = Net::new()?;
        Ok(Self {
            listener: net.listen()?,
            net,
            events: events(),
            connections: Vec::new(),
            free: Vec::new(),
        })
    }

    /// Accepts all that are there, as each edge is told once.
    fn accept_all(&mut self) -> Fallible<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let number = self.free.pop().unwrap_or(self.connections.len());
            self.net
                .register(&mut stream, Token(number), Interest::READABLE)?;
            if number == self.connections.len() {
                self.connections.push(None);
            }
            self.connections[number] = Some(stream);
        }
    }

    fn answer(&mut self, number: usize) -> Fallible<bool> {
        // Both halves of a connection's end are events of their own.
        let Some(mut stream) = self.connections[number].take() else {
            return Ok(false);
        };
        let mut byte = [0];
        if stream.read(&mut byte)? == 0 {
            return Err("a client has gone".into());
        }
        send(&stream, &byte)?;
        self.free.push(number);
        Ok(true)
    }
}

impl Subject for Connect {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.net.address)
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let mut served = 0;
        while served < requests {
            self.net.poll.poll(&mut self.events, None)?;
            let ready: Vec<Token> = self.events.iter().map(|event| event.token()).collect();
            for token in ready {
                if token == LISTENER {
                    self.accept_all()?;
                } else if self.answer(token.0)? {
                    served += 1;
                }
            }
        }
        Ok(())
    }
}

pub(super) struct Idle {
    net: Net,
    standing: Vec<TcpStream>,
}

impl Idle {
    pub(super) fn new() -> Fallible<Self> {
        Ok(Self {
            net: Net::new()?,
            standing: Vec::new(),
        })
    }
}

impl Subject for Idle {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.net.address)
    }

    fn serve(&mut self, connections: u64) -> Fallible<()> {
        for _ in 0..connections {
            let number = self.standing.len();
            let stream = self.net.accept(number, Interest::READABLE)?;
            self.standing.push(stream);
        }
        Ok(())
    }
}
