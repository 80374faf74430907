//! Files sent by bare calls of sendfile(2).

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};

use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags, EpollTimeout};
use rustix::fs::sendfile;
use rustix::io::{Errno, read};

use super::{accept, new_epoll};
use crate::Fallible;
use crate::stage::{Subject, listen};
use crate::workload::file_of;

/// The most that one call is asked for.
const CHUNK: u64 = 0x7fff_f000;

/// Where requests come from and files go to.
struct Listening {
    listener: TcpListener,
    address: SocketAddr,
    file: File,
    size: u64,
}

impl Listening {
    fn new(size: u64) -> Fallible<Self> {
        let listener = listen()?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            file: file_of(size)?,
            size,
        })
    }
}

/// Takes a request off the socket.
fn request(stream: &TcpStream) -> Fallible<()> {
    match read(stream, &mut [0; 64])? {
        0 => Err("a client has gone".into()),
        _ => Ok(()),
    }
}

/// An epoll loop over a socket that does not block: its interest goes to and
/// fro between requests and room, and only if the room is used up.
pub(crate) struct Files {
    on: Listening,
    epoll: Epoll,
    stream: Option<TcpStream>,
}

impl Files {
    pub(crate) fn new(size: u64) -> Fallible<Self> {
        Ok(Self {
            on: Listening::new(size)?,
            epoll: new_epoll()?,
            stream: None,
        })
    }

    fn wait(&self) -> Fallible<()> {
        self.epoll
            .wait(&mut [EpollEvent::empty()], EpollTimeout::NONE)?;
        Ok(())
    }

    fn want(&self, stream: &TcpStream, interest: EpollFlags) -> Fallible<()> {
        Ok(self
            .epoll
            .modify(stream, &mut EpollEvent::new(interest, 0))?)
    }

    fn send(&self, stream: &TcpStream) -> Fallible<()> {
        let mut offset = 0;
        let mut waiting = false;
        loop {
            let count = (self.on.size - offset).min(CHUNK) as usize;
            match sendfile(stream, &self.on.file, Some(&mut offset), count) {
                Ok(0) => return Err("the file has shrunk".into()),
                Ok(_) | Err(Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
            if offset == self.on.size {
                break;
            }
            if !waiting {
                self.want(stream, EpollFlags::EPOLLOUT)?;
                waiting = true;
            }
            self.wait()?;
        }
        if waiting {
            self.want(stream, EpollFlags::EPOLLIN)?;
        }
        Ok(())
    }
}

impl Subject for Files {
    fn address(&self) -> SocketAddr {
        self.on.address
    }

    fn accept(&mut self, _: usize) -> Fallible<()> {
        let stream = accept(&self.on.listener)?;
        self.epoll
            .add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, 0))?;
        self.stream = Some(stream);
        Ok(())
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let stream = self.stream.as_ref().ok_or("nobody is connected")?;
        for _ in 0..requests {
            self.wait()?;
            request(stream)?;
            self.send(stream)?;
        }
        Ok(())
    }
}

/// A loop of calls on a socket that blocks, and nothing else: what no event
/// loop can be, because one client has the thread.
pub(crate) struct BlockingFiles {
    on: Listening,
    stream: Option<TcpStream>,
}

impl BlockingFiles {
    pub(crate) fn new(size: u64) -> Fallible<Self> {
        Ok(Self {
            on: Listening::new(size)?,
            stream: None,
        })
    }
}

impl Subject for BlockingFiles {
    fn address(&self) -> SocketAddr {
        self.on.address
    }

    fn accept(&mut self, _: usize) -> Fallible<()> {
        let stream = accept(&self.on.listener)?;
        stream.set_nonblocking(false)?;
        self.stream = Some(stream);
        Ok(())
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let stream = self.stream.as_ref().ok_or("nobody is connected")?;
        for _ in 0..requests {
            request(stream)?;
            let mut offset = 0;
            while offset < self.on.size {
                let count = (self.on.size - offset).min(CHUNK) as usize;
                if sendfile(stream, &self.on.file, Some(&mut offset), count)? == 0 {
                    return Err("the file has shrunk".into());
                }
            }
        }
        Ok(())
    }
}
