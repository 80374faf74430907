//! One subject with its client, ready for turns.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use loopline::Loop;
use loopline_backend_kqueue::KqueueBackend;
use rustix::net::sockopt::set_tcp_congestion;

use crate::client::Client;
use crate::clock::cpu_time;
use crate::workload::Workload;
use crate::{Fallible, bare, ours};

/// Whoever serves a workload: in this process and on this thread, so that the
/// CPU clock of the process is its own.
pub(crate) trait Subject {
    /// Where it listens.
    fn address(&self) -> SocketAddr;

    /// Takes its clients' connections.
    fn accept(&mut self, connections: usize) -> Fallible<()>;

    /// Serves until so many requests have been answered.
    fn serve(&mut self, requests: u64) -> Fallible<()>;
}

/// A listening socket on loopback, whose connections send as fast as they can:
/// a congestion control that paces them, as bbr does, would send by its own
/// clock, at whoever's cost that happens to strike.
pub(crate) fn listen() -> Fallible<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    set_tcp_congestion(&listener, "reno")?;
    Ok(listener)
}

/// Who can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubjectKind {
    /// loopline.
    Ours,
    /// loopline over the backend for kqueue, which is `polling` over epoll
    /// here: what that costs beside the direct calls of the other.
    Polling,
    /// loopline by a protocol, where the other one is a stream.
    Protocol,
    /// The bare loop of a workload.
    Bare,
    /// The same, but its socket blocks: for files, a mere loop of sendfile(2).
    Blocking,
    /// tokio's current-thread runtime.
    #[cfg(feature = "tokio")]
    Tokio,
}

impl SubjectKind {
    const ALL: &[Self] = &[
        Self::Ours,
        Self::Polling,
        Self::Protocol,
        Self::Bare,
        Self::Blocking,
        #[cfg(feature = "tokio")]
        Self::Tokio,
    ];

    const ECHOES: &[Self] = &[
        Self::Ours,
        Self::Polling,
        Self::Bare,
        #[cfg(feature = "tokio")]
        Self::Tokio,
    ];

    const STREAMS: &[Self] = &[
        Self::Ours,
        Self::Protocol,
        #[cfg(feature = "tokio")]
        Self::Tokio,
    ];

    const FILES: &[Self] = &[
        Self::Ours,
        Self::Bare,
        Self::Blocking,
        #[cfg(feature = "tokio")]
        Self::Tokio,
    ];

    const EVENT_LOOPS: &[Self] = &[
        Self::Ours,
        Self::Bare,
        #[cfg(feature = "tokio")]
        Self::Tokio,
    ];

    const OVER_TLS: &[Self] = &[Self::Ours, Self::Bare];

    fn name(self) -> &'static str {
        match self {
            Self::Ours => "loopline",
            Self::Polling => "polling",
            Self::Protocol => "protocol",
            Self::Bare => "bare",
            Self::Blocking => "blocking",
            #[cfg(feature = "tokio")]
            Self::Tokio => "tokio",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == word)
    }

    /// Who serves a workload: everybody that can and has something to show.
    pub(crate) fn of(workload: Workload) -> &'static [Self] {
        match workload {
            Workload::Echo { .. } => Self::ECHOES,
            Workload::StreamEcho { .. } => Self::STREAMS,
            // The one that blocks serves a single client, and is worth its
            // time where it waits long.
            Workload::File { size } if size >= 1 << 20 => Self::FILES,
            Workload::TlsEcho { .. } | Workload::TlsFile { .. } | Workload::Handshakes { .. } => {
                Self::OVER_TLS
            }
            _ => Self::EVENT_LOOPS,
        }
    }

    fn make(self, workload: Workload) -> Fallible<Box<dyn Subject>> {
        Ok(match (self, workload) {
            (Self::Ours, Workload::Echo { size, .. }) => {
                Box::new(ours::Echo::new(size, Loop::new()?)?)
            }
            (Self::Polling, Workload::Echo { size, .. }) => {
                let backend = Box::new(KqueueBackend::new()?);
                Box::new(ours::Echo::new(size, Loop::with_backend(backend))?)
            }
            (Self::Ours, Workload::StreamEcho { size, .. }) => {
                Box::new(ours::StreamEcho::new(size)?)
            }
            (Self::Protocol, Workload::StreamEcho { size, .. }) => {
                Box::new(ours::Echo::new(size, Loop::new()?)?)
            }
            (Self::Protocol, _) | (Self::Bare, Workload::StreamEcho { .. }) => {
                return Err("a stream is compared with a protocol, and nothing else is".into());
            }
            (Self::Polling, _) => {
                return Err("nothing but an echo waits enough for polling to show".into());
            }
            (Self::Ours, Workload::File { size }) => Box::new(ours::Files::new(size)?),
            (Self::Bare, Workload::Echo { size, .. }) => Box::new(bare::Echo::new(size)?),
            (Self::Bare, Workload::File { size }) => Box::new(bare::Files::new(size)?),
            (Self::Blocking, Workload::File { size }) => Box::new(bare::BlockingFiles::new(size)?),
            (Self::Ours, Workload::TlsEcho { size }) => Box::new(ours::Echo::over_tls(size)?),
            (Self::Ours, Workload::TlsFile { size }) => Box::new(ours::Files::over_tls(size)?),
            (Self::Ours, Workload::Handshakes { .. }) => Box::new(ours::Handshakes::new()?),
            (Self::Bare, Workload::TlsEcho { size }) => Box::new(bare::TlsEcho::new(size)?),
            (Self::Bare, Workload::TlsFile { size }) => Box::new(bare::TlsFiles::new(size)?),
            (Self::Bare, Workload::Handshakes { .. }) => Box::new(bare::Handshakes::new()?),
            (Self::Blocking, _) => {
                return Err("one blocking socket serves plain files alone".into());
            }
            #[cfg(feature = "tokio")]
            (Self::Tokio, _) => Box::new(crate::tokio_peer::Peer::new(workload)?),
        })
    }
}

impl fmt::Display for SubjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One subject with its client, connected.
pub(crate) struct Stage {
    subject: Box<dyn Subject>,
    client: Client,
}

impl Stage {
    pub(crate) fn set(kind: SubjectKind, workload: Workload) -> Fallible<Self> {
        let mut subject = kind.make(workload)?;
        let client = Client::start(subject.address(), workload)?;
        subject.accept(workload.connections())?;
        Ok(Self { subject, client })
    }

    /// Has a number of requests made and answered; returns the CPU time that
    /// the answers took.
    pub(crate) fn serve(&mut self, requests: u64) -> Fallible<Duration> {
        let start = cpu_time();
        self.answer(requests)?;
        let taken = cpu_time() - start;
        // What the client still has in its socket is drained before anyone's
        // next turn.
        self.client.done()?;
        Ok(taken)
    }

    /// The same without a clock: rustix finds the kernel's through a page that
    /// valgrind hides.
    pub(crate) fn answer(&mut self, requests: u64) -> Fallible<()> {
        self.client.order(requests)?;
        self.subject.serve(requests)
    }
}
