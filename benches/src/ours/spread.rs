//! Messages sent back by several loops that share a port.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use loopline::{
    EventLoop, EventLoopExt, LoopHandle, Outcome, Protocol, Remote, ServerOptions, Transport,
    run_on_threads,
};
use rustix::net::sockopt::set_socket_reuseport;
use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};

use crate::Fallible;
use crate::placement::anywhere;
use crate::subject::{BACKLOG, Subject};
use crate::workload::SPREAD_SIZE;

pub(super) struct Spread {
    address: SocketAddr,
    tally: Arc<Tally>,
    threads: Option<thread::JoinHandle<()>>,
}

impl Spread {
    pub(super) fn new(loops: usize) -> Fallible<Self> {
        anywhere()?;
        let (reserved, address) = shared_port()?;
        let tally = Arc::new(Tally::default());
        let for_loops = Arc::clone(&tally);
        let threads = thread::spawn(move || {
            let _reserved = reserved;
            // They end by being stopped.
            let _ = run_on_threads(loops, |event_loop| echo(event_loop, address, &for_loops));
        });
        tally.wait_for(|state| state.remotes.len() == loops);
        Ok(Self {
            address,
            tally,
            threads: Some(threads),
        })
    }
}

/// A port that listeners may share, for as long as the socket lives.
fn shared_port() -> Fallible<(OwnedFd, SocketAddr)> {
    let reserved = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    set_socket_reuseport(&reserved, true)?;
    bind(&reserved, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let address = SocketAddr::try_from(getsockname(&reserved)?)?;
    Ok((reserved, address))
}

async fn echo(event_loop: LoopHandle, address: SocketAddr, tally: &Arc<Tally>) {
    let options = ServerOptions::default()
        .backlog(BACKLOG.cast_unsigned())
        .reuse_port(true);
    let shared = Arc::clone(tally);
    let factory = move || Connection {
        tally: Arc::clone(&shared),
        transport: None,
    };
    let server = event_loop.create_server(factory, address, options).await;
    tally.change(|state| state.remotes.push(event_loop.remote()));
    if let Ok(server) = server {
        server.wait_closed().await;
    }
}

impl Subject for Spread {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.address)
    }

    fn accept(&mut self, connections: usize) -> Fallible<()> {
        self.tally
            .wait_for(|state| state.connections == connections);
        Ok(())
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.tally.await_bytes(requests * SPREAD_SIZE as u64);
        Ok(())
    }
}

impl Drop for Spread {
    fn drop(&mut self) {
        self.tally
            .change(|state| state.remotes.iter().for_each(Remote::stop));
        if let Some(threads) = self.threads.take() {
            let _ = threads.join();
        }
    }
}

/// What the loops tell the thread that counts.
#[derive(Default)]
struct Tally {
    /// Bytes that were sent back; the goal is where that thread is told.
    bytes: AtomicU64,
    goal: AtomicU64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    remotes: Vec<Remote>,
    connections: usize,
}

impl Tally {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    fn wait_for(&self, mut so: impl FnMut(&State) -> bool) {
        let waited = self.changed.wait_while(self.state(), |state| !so(state));
        drop(waited);
    }

    /// Waits until so many more bytes have been sent back than by the last time.
    fn await_bytes(&self, more: u64) {
        let goal = self.goal.fetch_add(more, Ordering::AcqRel) + more;
        self.wait_for(|_| self.bytes.load(Ordering::Acquire) >= goal);
    }

    fn count(&self, bytes: u64) {
        let before = self.bytes.fetch_add(bytes, Ordering::AcqRel);
        if before + bytes >= self.goal.load(Ordering::Acquire) {
            self.change(|_| {});
        }
    }
}

struct Connection {
    tally: Arc<Tally>,
    transport: Option<Rc<dyn Transport>>,
}

impl Protocol for Connection {
    fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
        self.transport = Some(Rc::clone(transport));
        self.tally.change(|state| state.connections += 1);
        Ok(())
    }

    fn data_received(&mut self, data: &[u8]) -> Outcome {
        if let Some(transport) = &self.transport {
            // Each client waits for its echo, so flow is never an issue.
            let _ = transport.write(data)?;
        }
        self.tally.count(data.len() as u64);
        Ok(())
    }
}
