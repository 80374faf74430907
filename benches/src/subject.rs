//! Whoever serves a workload.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use loopline::Loop;
use loopline_backend_kqueue::KqueueBackend;
use rustix::net::sockopt::set_tcp_congestion;

use crate::workload::{Library, Over, Workload};
use crate::{Fallible, bare, ours, peers};

/// Whoever serves a workload: in this process, so that the CPU clock of the
/// process is its own.
pub(crate) trait Subject {
    /// Where it listens; nowhere, if it is its own client.
    fn address(&self) -> Option<SocketAddr> {
        None
    }

    /// Takes its clients' connections.
    fn accept(&mut self, connections: usize) -> Fallible<()> {
        let _ = connections;
        Ok(())
    }

    /// Serves until so many requests have been answered.
    fn serve(&mut self, requests: u64) -> Fallible<()>;
}

/// So many connections may wait to be accepted: a client makes a thousand before
/// its server looks.
pub(crate) const BACKLOG: i32 = 4096;

/// A listening socket on loopback, whose connections send as fast as they can:
/// a congestion control that paces them, as bbr does, would send by its own
/// clock, at whoever's cost that happens to strike.
pub(crate) fn listen() -> Fallible<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    set_tcp_congestion(&listener, "reno")?;
    // listen(2) again, for more than the standard library asks for.
    rustix::net::listen(&listener, BACKLOG)?;
    Ok(listener)
}

/// Who can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubjectKind {
    /// The bare loop of a workload.
    Bare,
    /// loopline.
    Ours,
    /// loopline by a stream in a task, where the other one is a protocol.
    Streams,
    /// mio.
    Mio,
    /// tokio's current-thread runtime.
    Tokio,
    /// smol's executor on one thread.
    Smol,
    /// loopline over the backend for kqueue, which is `polling` over epoll
    /// here: what that costs beside the direct calls of the other.
    Polling,
    /// The bare loop, but its socket blocks: for files, a mere loop of
    /// sendfile(2).
    Blocking,
}

impl SubjectKind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Bare,
        Self::Ours,
        Self::Streams,
        Self::Mio,
        Self::Tokio,
        Self::Smol,
        Self::Polling,
        Self::Blocking,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Ours => "loopline",
            Self::Streams => "streams",
            Self::Mio => "mio",
            Self::Tokio => "tokio",
            Self::Smol => "smol",
            Self::Polling => "polling",
            Self::Blocking => "blocking",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == word)
    }

    /// Whether it has something to show for a workload.
    pub(crate) fn serves(self, workload: Workload) -> bool {
        let of_loops_alone = matches!(
            workload,
            Workload::FireTimers { .. }
                | Workload::CancelTimers { .. }
                | Workload::CallSoon
                | Workload::CallSoonThreadsafe
        );
        match (self, workload) {
            (Self::Ours, _) => true,
            (_, Workload::Spread { .. }) => false,
            (Self::Tokio, _) => true,
            // hyper takes a runtime, of which there is no bare one.
            (_, Workload::Http { .. }) => false,
            (Self::Bare, _) => true,
            // mio has sockets and a waker, and nothing above them; TLS it has
            // as far as rustls has it.
            (Self::Mio, Workload::Handshakes { library, .. }) => library == Library::Rustls,
            (
                Self::Mio,
                Workload::Echo { over, .. } | Workload::File { over, .. } | Workload::Idle { over },
            ) => over != Over::Openssl,
            (Self::Mio, _) => !of_loops_alone,
            // There is no bridge from smol to OpenSSL that is kept.
            (Self::Smol, Workload::Handshakes { library, .. }) => library == Library::Rustls,
            (
                Self::Smol,
                Workload::Echo { over, .. } | Workload::File { over, .. } | Workload::Idle { over },
            ) => over != Over::Openssl,
            (Self::Smol, _) => true,
            (Self::Streams | Self::Polling, Workload::Echo { over, .. }) => over == Over::Plain,
            (Self::Streams | Self::Polling, _) => false,
            // One blocking socket serves a single client, and is worth its
            // time where it waits long.
            (
                Self::Blocking,
                Workload::File {
                    over: Over::Plain,
                    connections: 1,
                    size,
                },
            ) => size >= 1 << 20,
            (Self::Blocking, _) => false,
        }
    }

    pub(crate) fn make(self, workload: Workload) -> Fallible<Box<dyn Subject>> {
        if !self.serves(workload) {
            return Err(format!("{self} does not serve {workload}").into());
        }
        match self {
            Self::Bare => bare::make(workload),
            Self::Ours => ours::make(workload, Loop::new()?),
            Self::Streams => ours::make_streams(workload),
            Self::Polling => {
                let backend = Box::new(KqueueBackend::new()?);
                ours::make(workload, Loop::with_backend(backend))
            }
            Self::Mio => peers::mio::make(workload),
            Self::Tokio => peers::tokio::make(workload),
            Self::Smol => peers::smol::make(workload),
            Self::Blocking => bare::make_blocking(workload),
        }
    }
}

impl fmt::Display for SubjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
