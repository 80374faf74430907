//! Messages sent back by a task that reads and writes a stream.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use loopline::{EventLoopExt, Loop, Stream};

use super::batch::{Batch, options};
use crate::Fallible;
use crate::subject::{Subject, listen};
use crate::workload::Over;

/// What a task reads at a time, in bytes.
const BUFFER: usize = 64 * 1024;

pub(super) struct StreamEcho {
    event_loop: Loop,
    batch: Rc<Batch>,
    address: SocketAddr,
    size: usize,
}

impl StreamEcho {
    pub(super) fn new(size: usize) -> Fallible<Self> {
        let event_loop = Loop::new()?;
        let batch = Batch::new(&event_loop);
        let shared = Rc::clone(&batch);
        let listener = listen()?;
        let address = listener.local_addr()?;
        event_loop.run_until_complete(event_loop.start_server(
            move |stream| {
                shared.count(1);
                attend(Rc::clone(&shared), stream)
            },
            listener,
            options(Over::Plain)?,
        ))??;
        Ok(Self {
            event_loop,
            batch,
            address,
            size,
        })
    }
}

impl Subject for StreamEcho {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.address)
    }

    fn accept(&mut self, connections: usize) -> Fallible<()> {
        self.batch.until(&self.event_loop, connections as u64)
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.batch
            .until(&self.event_loop, requests * self.size as u64)
    }
}

async fn attend(batch: Rc<Batch>, mut stream: Stream) -> io::Result<()> {
    let ended = echo(&batch, &mut stream).await;
    batch.client_gone();
    ended
}

async fn echo(batch: &Batch, stream: &mut Stream) -> io::Result<()> {
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
