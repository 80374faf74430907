//! A loop of calls on a socket that blocks, and nothing else: what no event loop
//! can be, because one client has the thread.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};

use rustix::fs::sendfile;

use super::accept;
use super::file::request;
use crate::Fallible;
use crate::subject::{Subject, listen};
use crate::workload::file_of;

pub(super) struct BlockingFiles {
    listener: TcpListener,
    address: SocketAddr,
    file: File,
    stream: Option<TcpStream>,
}

impl BlockingFiles {
    pub(super) fn new(size: u64) -> Fallible<Self> {
        let listener = listen()?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            file: file_of(size)?,
            stream: None,
        })
    }
}

impl Subject for BlockingFiles {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.address)
    }

    fn accept(&mut self, _: usize) -> Fallible<()> {
        let stream = accept(&self.listener)?;
        stream.set_nonblocking(false)?;
        self.stream = Some(stream);
        Ok(())
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let stream = self.stream.as_ref().ok_or("nobody is connected")?;
        for _ in 0..requests {
            let (mut offset, end) = request(stream)?;
            while offset < end {
                let count = usize::try_from(end - offset)?;
                if sendfile(stream, &self.file, Some(&mut offset), count)? == 0 {
                    return Err("the file has shrunk".into());
                }
            }
        }
        Ok(())
    }
}
