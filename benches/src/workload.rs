//! What is asked of every subject alike.

mod arguments;
mod name;

use std::fs::File;
use std::io::{self, Write};

use crate::subject::SubjectKind;

pub(crate) use name::Count;

/// What a connection's bytes are wrapped into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Plain,
    Rustls,
    Openssl,
}

/// A library for TLS, as [`Over`] without [`Over::Plain`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Library {
    Rustls,
    Openssl,
}

impl From<Library> for Over {
    fn from(library: Library) -> Self {
        match library {
            Library::Rustls => Self::Rustls,
            Library::Openssl => Self::Openssl,
        }
    }
}

/// The requests that a client makes and a subject answers, or what a subject
/// does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// Messages that come back as they are. Each active connection has one
    /// under way; all are sent before the first is awaited. Connections beyond
    /// the active ones only stand.
    Echo {
        over: Over,
        size: usize,
        active: usize,
        connections: usize,
    },
    /// Eight bytes, offset and length, that are answered by that part of a
    /// file; as for an echo on each connection.
    File {
        over: Over,
        size: u64,
        connections: usize,
    },
    /// Requests of HTTP/1.1 that hyper answers with 100 bytes; as for an echo on
    /// each connection.
    Http { over: Over, connections: usize },
    /// Connections that begin with a TLS handshake and end after it, one after
    /// the other; with the session of the one before, or without.
    Handshakes { library: Library, resumed: bool },
    /// Connections that come, have one byte sent back, and are closed by the
    /// server, one after the other.
    Connect,
    /// As an echo on 64 connections, by so many loops that share a port.
    Spread { loops: usize },
    /// Connections that come and stay; over TLS, with their handshake done.
    Idle { over: Over },
    /// Descriptors that are watched, some of them always ready; a request is
    /// the event of one, which is read and made ready again.
    Watch { descriptors: usize, active: usize },
    /// Timers that are set, all at first, and fire.
    FireTimers { timers: usize },
    /// Timers that are set, all at first, and cancelled.
    CancelTimers { timers: usize },
    /// Callbacks that are queued and run, a thousand a turn.
    CallSoon,
    /// Callbacks that another thread queues, a thousand at a time.
    CallSoonThreadsafe,
    /// A thread that wakes the loop, and waits until it has answered.
    Wake,
}

/// How long a run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Long enough for a verdict.
    Full,
    /// Shows that everything works.
    Quick,
}

/// The bytes of a message, and the connections, where several loops share a port.
pub(crate) const SPREAD_SIZE: usize = 64;
pub(crate) const SPREAD_CONNECTIONS: usize = 64;

/// How many callbacks are queued at once.
pub(crate) const CALLS_AT_ONCE: u64 = 1000;

impl Workload {
    pub(crate) const fn echo(over: Over, size: usize, connections: usize) -> Self {
        Self::Echo {
            over,
            size,
            active: connections,
            connections,
        }
    }

    pub(crate) const fn file(over: Over, size: u64, connections: usize) -> Self {
        Self::File {
            over,
            size,
            connections,
        }
    }

    pub(crate) const fn http(over: Over, connections: usize) -> Self {
        Self::Http { over, connections }
    }

    /// Whom the others are compared with: a bare loop, where there is one.
    pub(crate) fn base(self) -> SubjectKind {
        match self {
            Self::Http { .. } => SubjectKind::Tokio,
            _ => SubjectKind::Bare,
        }
    }

    /// How many connections stand before the first request.
    pub(crate) fn connections(self) -> usize {
        match self {
            Self::Echo { connections, .. }
            | Self::File { connections, .. }
            | Self::Http { connections, .. } => connections,
            Self::Spread { .. } => SPREAD_CONNECTIONS,
            _ => 0,
        }
    }

    /// The requests that make a round: a turn is a multiple of it.
    pub(crate) fn round(self) -> u64 {
        match self {
            Self::Echo { active, .. } | Self::Watch { active, .. } => active as u64,
            Self::File { connections, .. } | Self::Http { connections, .. } => connections as u64,
            Self::Spread { .. } => SPREAD_CONNECTIONS as u64,
            Self::FireTimers { timers } | Self::CancelTimers { timers } => timers as u64,
            Self::CallSoon | Self::CallSoonThreadsafe => CALLS_AT_ONCE,
            _ => 1,
        }
    }

    /// The same with less of it, which shows as well that it works.
    pub(crate) fn in_brief(self) -> Self {
        match self {
            Self::FireTimers { timers } => Self::FireTimers {
                timers: timers.min(10_000),
            },
            Self::CancelTimers { timers } => Self::CancelTimers {
                timers: timers.min(10_000),
            },
            other => other,
        }
    }

    /// The requests of one turn: some 50 ms of CPU time.
    pub(crate) fn turn(self, effort: Effort) -> u64 {
        let requests: u64 = match self {
            Self::Echo { over, size, .. } => match (over, size) {
                (Over::Plain, _) | (_, ..=1024) => 8192,
                _ => 2048,
            },
            Self::File { over, size, .. } => match (over, size) {
                (_, 0x20_0000..) => 4,
                (_, 0x2_0000..) => 64,
                (Over::Plain, _) => 4096,
                _ => 1024,
            },
            Self::Http { .. } => 4096,
            Self::Spread { .. } => 8192,
            Self::Handshakes { .. } => 256,
            Self::Connect => 512,
            Self::Idle { .. } => 1000,
            Self::Watch { .. } => 20_000,
            Self::FireTimers { .. } | Self::CancelTimers { .. } => 1,
            Self::CallSoon | Self::CallSoonThreadsafe => 500_000,
            Self::Wake => 5_000,
        };
        let requests = match effort {
            Effort::Full => requests,
            Effort::Quick => requests / 16,
        };
        requests.max(1).next_multiple_of(self.round())
    }
}

/// A file without a name, as large as asked for; its pages are in the cache.
pub(crate) fn file_of(size: u64) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    let pattern: Vec<u8> = (0..=u8::MAX).cycle().take(1 << 16).collect();
    let mut missing = size;
    while missing > 0 {
        let piece = missing.min(pattern.len() as u64);
        file.write_all(&pattern[..piece as usize])?;
        missing -= piece;
    }
    Ok(file)
}

/// The length of a request for a part of a file.
pub(crate) const FILE_REQUEST: usize = 8;

/// A request for the first bytes of a file: offset and length, each four
/// little-endian bytes.
pub(crate) fn file_request(length: u64) -> io::Result<[u8; FILE_REQUEST]> {
    let length = u32::try_from(length).map_err(io::Error::other)?;
    let mut request = [0; FILE_REQUEST];
    request[4..].copy_from_slice(&length.to_le_bytes());
    Ok(request)
}

/// Offset and length that a request asks for.
pub(crate) fn parse_file_request(request: &[u8]) -> io::Result<(u64, u64)> {
    let Some((offset, length)) = request.split_first_chunk::<4>() else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let length = length
        .first_chunk::<4>()
        .ok_or(io::ErrorKind::InvalidData)?;
    Ok((
        u32::from_le_bytes(*offset).into(),
        u32::from_le_bytes(*length).into(),
    ))
}
