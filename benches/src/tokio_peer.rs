//! The workloads served by tokio's current-thread runtime: a task a
//! connection, and files read and written, since it sends none.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::task::LocalSet;

use crate::Fallible;
use crate::stage::{Subject, listen};
use crate::workload::{Workload, file_of};

pub(crate) struct Peer {
    runtime: Runtime,
    tasks: LocalSet,
    listener: TcpListener,
    address: SocketAddr,
    workload: Workload,
    /// One permit for each byte echoed or file sent.
    done: Arc<Semaphore>,
}

impl Peer {
    pub(crate) fn new(workload: Workload) -> Fallible<Self> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let listener = listen()?;
        listener.set_nonblocking(true)?;
        let within = runtime.enter();
        let listener = TcpListener::from_std(listener)?;
        drop(within);
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            tasks: LocalSet::new(),
            runtime,
            workload,
            done: Arc::new(Semaphore::new(0)),
        })
    }

    fn start(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let done = Arc::clone(&self.done);
        match self.workload {
            Workload::Echo { .. } | Workload::StreamEcho { .. } => {
                self.tasks.spawn_local(echo(stream, done))
            }
            Workload::File { size } => {
                let file = File::from_std(file_of(size)?);
                self.tasks.spawn_local(send(stream, file, done))
            }
            // It has no TLS of its own.
            _ => return Err(io::ErrorKind::Unsupported.into()),
        };
        Ok(())
    }
}

impl Subject for Peer {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn accept(&mut self, connections: usize) -> Fallible<()> {
        for _ in 0..connections {
            let (stream, _) = self.runtime.block_on(self.listener.accept())?;
            let _within = self.runtime.enter();
            self.start(stream)?;
        }
        Ok(())
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let units = match self.workload {
            Workload::Echo { size, .. } | Workload::StreamEcho { size, .. } => {
                requests * size as u64
            }
            _ => requests,
        };
        let units = u32::try_from(units)?;
        let all = self.done.acquire_many(units);
        self.tasks.block_on(&self.runtime, all)?.forget();
        Ok(())
    }
}

/// Ends with its client, and closes the semaphore, so that nobody waits for
/// what never comes.
async fn echo(mut stream: TcpStream, done: Arc<Semaphore>) {
    let mut buffer = vec![0; 256 << 10];
    while let Ok(received) = stream.read(&mut buffer).await {
        if received == 0 || stream.write_all(&buffer[..received]).await.is_err() {
            break;
        }
        done.add_permits(received);
    }
    done.close();
}

async fn send(mut stream: TcpStream, mut file: File, done: Arc<Semaphore>) {
    while stream.read_u8().await.is_ok() {
        if send_once(&mut stream, &mut file).await.is_err() {
            break;
        }
        done.add_permits(1);
    }
    done.close();
}

async fn send_once(stream: &mut TcpStream, file: &mut File) -> io::Result<()> {
    file.rewind().await?;
    tokio::io::copy(file, stream).await?;
    Ok(())
}
