//! Messages sent back by a task that reads and writes a stream.

use std::io;
use std::net::SocketAddr;

use loopline::{Loop, Stream};

use super::batch::{Batch, Serving};
use crate::Fallible;
use crate::subject::Subject;
use crate::workload::Over;

/// What a task reads at a time, in bytes.
const BUFFER: usize = 64 * 1024;

pub(super) struct StreamEcho {
    serving: Serving,
    size: usize,
}

impl StreamEcho {
    pub(super) fn new(size: usize) -> Fallible<Self> {
        let serving = Serving::with_streams(Loop::new()?, Over::Plain, echo)?;
        Ok(Self { serving, size })
    }
}

impl Subject for StreamEcho {
    fn address(&self) -> Option<SocketAddr> {
        self.serving.address()
    }

    fn accept(&mut self, connections: usize) -> Fallible<()> {
        self.serving.until(connections as u64)
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.serving.until(requests * self.size as u64)
    }
}

async fn echo(batch: &Batch, mut stream: Stream) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count]).await?;
        batch.count(count as u64);
    }
}
