//! Workloads as people call them.

use std::fmt;

use super::{Over, Workload};

impl Workload {
    /// What it has in common with its kin: the word that chooses it on the
    /// command line.
    pub(crate) fn group(self) -> &'static str {
        match self {
            Self::Echo {
                over: Over::Plain, ..
            } => "echo",
            Self::Echo { .. } => "tls_echo",
            Self::File {
                over: Over::Plain, ..
            } => "sendfile",
            Self::File { .. } => "tls_sendfile",
            Self::Http { .. } => "hyper",
            Self::Handshakes { .. } => "handshake",
            Self::Connect => "connect",
            Self::Spread { .. } => "cores",
            Self::Idle { .. } => "idle_memory",
            Self::Watch { .. } => "watch",
            Self::FireTimers { .. } | Self::CancelTimers { .. } => "timers",
            Self::CallSoon | Self::CallSoonThreadsafe => "call_soon",
            Self::Wake => "wake",
        }
    }
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "",
            Self::Rustls => "rustls ",
            Self::Openssl => "OpenSSL ",
        })
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Echo {
                over,
                size,
                active,
                connections,
            } if active == connections => {
                let size = Bytes(size as u64);
                write!(f, "{over}echo {size}, {}", Connections(connections))
            }
            Self::Echo {
                over,
                size,
                active,
                connections,
            } => {
                let size = Bytes(size as u64);
                let all = Connections(connections);
                write!(f, "{over}echo {size}, {active} active of {all}")
            }
            Self::File {
                over,
                size,
                connections,
            } => write!(
                f,
                "{over}sendfile {}, {}",
                Bytes(size),
                Connections(connections)
            ),
            Self::Http { over, connections } => {
                write!(f, "{over}hyper 100 B, {}", Connections(connections))
            }
            Self::Handshakes { library, resumed } => {
                let kind = if resumed { "resumed" } else { "full" };
                write!(f, "{}handshake, {kind}", Over::from(library))
            }
            Self::Connect => f.write_str("connect, 1 byte, close"),
            Self::Spread { loops: 1 } => f.write_str("1 loop"),
            Self::Spread { loops } => write!(f, "{loops} loops"),
            Self::Idle { over } => write!(f, "{over}idle connection"),
            Self::Watch {
                descriptors,
                active,
            } if active == descriptors => {
                write!(f, "watch {}, all active", Count(descriptors as u64))
            }
            Self::Watch {
                descriptors,
                active,
            } => write!(f, "watch {}, {active} active", Count(descriptors as u64)),
            Self::FireTimers { timers } => write!(f, "timers: set, fire {}", Count(timers as u64)),
            Self::CancelTimers { timers } => {
                write!(f, "timers: set, cancel {}", Count(timers as u64))
            }
            Self::CallSoon => f.write_str("call_soon"),
            Self::CallSoonThreadsafe => f.write_str("call_soon_threadsafe"),
            Self::Wake => f.write_str("wake, and an answer"),
        }
    }
}

struct Connections(usize);

impl fmt::Display for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 connection"),
            many => write!(f, "{} connections", Count(many as u64)),
        }
    }
}

/// A size in the largest unit that divides it.
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, name) in [(1 << 20, "MiB"), (1 << 10, "KiB")] {
            if self.0 >= unit && self.0.is_multiple_of(unit) {
                return write!(f, "{} {name}", self.0 / unit);
            }
        }
        write!(f, "{} B", self.0)
    }
}

/// A number, short if it is round.
pub(crate) struct Count(pub(crate) u64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, name) in [(1_000_000, "M"), (1_000, "k")] {
            if self.0 >= unit && self.0.is_multiple_of(unit) {
                return write!(f, "{}{name}", self.0 / unit);
            }
        }
        self.0.fmt(f)
    }
}
