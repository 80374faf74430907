//! Files by sendfile(2).

use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Events, Interest};

use super::{Net, events};
use crate::Fallible;
use crate::peers::send_some;
use crate::subject::Subject;
use crate::workload::{FILE_REQUEST, file_of, parse_file_request};

pub(super) struct Files {
    net: Net,
    events: Events,
    file: File,
    connections: Vec<Connection>,
}

struct Connection {
    stream: TcpStream,
    offset: u64,
    end: u64,
}

impl Connection {
    /// Takes a request, unless one is being answered; true if the end of a file
    /// has left.
    fn go_on(&mut self, file: &File) -> Fallible<bool> {
        if self.offset == self.end {
            let mut request = [0; FILE_REQUEST];
            match self.stream.read(&mut request) {
                Ok(0) => return Err("a client has gone".into()),
                Ok(_) => {}
                // There was room all the time.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error.into()),
            }
            let (offset, length) = parse_file_request(&request)?;
            (self.offset, self.end) = (offset, offset + length);
        }
        while self.offset < self.end {
            match send_some(&self.stream, file, &mut self.offset, self.end) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }
}

impl Files {
    pub(super) fn new(size: u64) -> Fallible<Self> {
        Ok(Self {
            net: Net::new()?,
            events: events(),
            file: file_of(size)?,
            connections: Vec::new(),
        })
    }
}

impl Subject for Files {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.net.address)
    }

    fn accept(&mut self, connections: usize) -> Fallible<()> {
        for number in 0..connections {
            let both = Interest::READABLE | Interest::WRITABLE;
            self.connections.push(Connection {
                stream: self.net.accept(number, both)?,
                offset: 0,
                end: 0,
            });
        }
        Ok(())
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let mut served = 0;
        while served < requests {
            self.net.poll.poll(&mut self.events, None)?;
            for event in &self.events {
                let connection = &mut self.connections[event.token().0];
                let sending = connection.offset < connection.end;
                // Room that comes while nothing is sent is nothing to act on.
                if (sending || event.is_readable()) && connection.go_on(&self.file)? {
                    served += 1;
                }
            }
        }
        Ok(())
    }
}
