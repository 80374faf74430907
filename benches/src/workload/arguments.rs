//! Workloads as words, for this program to run itself with.

use super::{Library, Over, Workload};

impl Over {
    const ALL: [Self; 3] = [Self::Plain, Self::Rustls, Self::Openssl];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Rustls => "rustls",
            Self::Openssl => "openssl",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|over| over.word() == word)
    }
}

impl Library {
    fn parse(word: &str) -> Option<Self> {
        match Over::parse(word)? {
            Over::Plain => None,
            Over::Rustls => Some(Self::Rustls),
            Over::Openssl => Some(Self::Openssl),
        }
    }
}

impl Workload {
    pub(crate) fn to_arguments(self) -> Vec<String> {
        let words = |name: &str, rest: &[&dyn ToString]| {
            let rest = rest.iter().map(|word| word.to_string());
            std::iter::once(name.to_owned()).chain(rest).collect()
        };
        match self {
            Self::Echo {
                over,
                size,
                active,
                connections,
            } => words("echo", &[&over.word(), &size, &active, &connections]),
            Self::File {
                over,
                size,
                connections,
            } => words("file", &[&over.word(), &size, &connections]),
            Self::Http { over, connections } => words("http", &[&over.word(), &connections]),
            Self::Handshakes { library, resumed } => {
                words("handshakes", &[&Over::from(library).word(), &resumed])
            }
            Self::Connect => words("connect", &[]),
            Self::Spread { loops } => words("spread", &[&loops]),
            Self::Idle { over } => words("idle", &[&over.word()]),
            Self::Watch {
                descriptors,
                active,
            } => words("watch", &[&descriptors, &active]),
            Self::FireTimers { timers } => words("fire-timers", &[&timers]),
            Self::CancelTimers { timers } => words("cancel-timers", &[&timers]),
            Self::CallSoon => words("call-soon", &[]),
            Self::CallSoonThreadsafe => words("call-soon-threadsafe", &[]),
            Self::Wake => words("wake", &[]),
        }
    }

    /// The inverse of [`to_arguments`](Self::to_arguments).
    pub(crate) fn parse(words: &[&str]) -> Option<Self> {
        Some(match *words {
            ["echo", over, size, active, connections] => Self::Echo {
                over: Over::parse(over)?,
                size: size.parse().ok()?,
                active: active.parse().ok()?,
                connections: connections.parse().ok()?,
            },
            ["file", over, size, connections] => Self::File {
                over: Over::parse(over)?,
                size: size.parse().ok()?,
                connections: connections.parse().ok()?,
            },
            ["http", over, connections] => Self::Http {
                over: Over::parse(over)?,
                connections: connections.parse().ok()?,
            },
            ["handshakes", library, resumed] => Self::Handshakes {
                library: Library::parse(library)?,
                resumed: resumed.parse().ok()?,
            },
            ["connect"] => Self::Connect,
            ["spread", loops] => Self::Spread {
                loops: loops.parse().ok()?,
            },
            ["idle", over] => Self::Idle {
                over: Over::parse(over)?,
            },
            ["watch", descriptors, active] => Self::Watch {
                descriptors: descriptors.parse().ok()?,
                active: active.parse().ok()?,
            },
            ["fire-timers", timers] => Self::FireTimers {
                timers: timers.parse().ok()?,
            },
            ["cancel-timers", timers] => Self::CancelTimers {
                timers: timers.parse().ok()?,
            },
            ["call-soon"] => Self::CallSoon,
            ["call-soon-threadsafe"] => Self::CallSoonThreadsafe,
            ["wake"] => Self::Wake,
            _ => return None,
        })
    }
}
