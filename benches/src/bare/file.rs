//! Files sent by bare calls of sendfile(2).

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};

use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags, EpollTimeout};
use rustix::fs::sendfile;
use rustix::io::{Errno, read};

use super::{BATCH, accept, new_epoll, readable};
use crate::Fallible;
use crate::subject::{Subject, listen};
use crate::workload::{FILE_REQUEST, file_of, parse_file_request};

/// The most that one call is asked for.
const CHUNK: u64 = 0x7fff_f000;

/// An epoll loop: the interest of a connection goes to and fro between requests
/// and room, and only if the room is used up.
pub(super) struct Files {
    listener: TcpListener,
    address: SocketAddr,
    file: File,
    epoll: Epoll,
    connections: Vec<Connection>,
}

struct Connection {
    stream: TcpStream,
    /// Where the file goes on, and where it ends.
    offset: u64,
    end: u64,
    /// Whether it waits for room.
    waiting: bool,
}

impl Files {
    pub(super) fn new(size: u64) -> Fallible<Self> {
        let listener = listen()?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            file: file_of(size)?,
            epoll: new_epoll()?,
            connections: Vec::new(),
        })
    }

    /// Goes on with a connection; true if the end of a file has left.
    fn ready(&mut self, number: usize) -> Fallible<bool> {
        let connection = &mut self.connections[number];
        if !connection.waiting {
            (connection.offset, connection.end) = request(&connection.stream)?;
        }
        let wants_room = !send(&self.file, connection)?;
        if wants_room != connection.waiting {
            connection.waiting = wants_room;
            let mut event = match wants_room {
                true => EpollEvent::new(EpollFlags::EPOLLOUT, number as u64),
                false => readable(number),
            };
            self.epoll.modify(&connection.stream, &mut event)?;
        }
        Ok(!wants_room)
    }
}

/// Takes a request off the socket: a client waits for its file before it asks
/// again, and eight bytes come at once.
pub(super) fn request(stream: &TcpStream) -> Fallible<(u64, u64)> {
    let mut request = [0; FILE_REQUEST];
    match read(stream, &mut request)? {
        0 => Err("a client has gone".into()),
        _ => {
            let (offset, length) = parse_file_request(&request)?;
            Ok((offset, offset + length))
        }
    }
}

/// One call; true if the end of the file has left.
fn send(file: &File, to: &mut Connection) -> Fallible<bool> {
    let count = (to.end - to.offset).min(CHUNK) as usize;
    match sendfile(&to.stream, file, Some(&mut to.offset), count) {
        Ok(0) => return Err("the file has shrunk".into()),
        Ok(_) | Err(Errno::AGAIN) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(to.offset == to.end)
}

impl Subject for Files {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.address)
    }

    fn accept(&mut self, connections: usize) -> Fallible<()> {
        for number in 0..connections {
            let stream = accept(&self.listener)?;
            self.epoll.add(&stream, readable(number))?;
            self.connections.push(Connection {
                stream,
                offset: 0,
                end: 0,
                waiting: false,
            });
        }
        Ok(())
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let mut served = 0;
        let mut events = [EpollEvent::empty(); BATCH];
        while served < requests {
            let ready = self.epoll.wait(&mut events, EpollTimeout::NONE)?;
            for event in &events[..ready] {
                if self.ready(event.data() as usize)? {
                    served += 1;
                }
            }
        }
        Ok(())
    }
}
