//! What is asked of every subject alike.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};

/// The requests that a client makes and a subject answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// Messages that come back as they are. Each connection has one under way;
    /// with several connections all are sent before the first is awaited.
    Echo { size: usize, connections: usize },
    /// The same echo by a stream in a task, beside that of a protocol.
    StreamEcho { size: usize, connections: usize },
    /// A byte that is answered by a file. The next byte follows the file's
    /// last one.
    File { size: u64 },
    /// An echo over TLS, on one connection.
    TlsEcho { size: usize },
    /// A file over TLS.
    TlsFile { size: u64 },
    /// Connections that begin with a TLS handshake and end after it, one after
    /// the other; with the session of the one before, or without.
    Handshakes { resumed: bool },
}

/// How long a run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Long enough for a verdict.
    Full,
    /// Shows that everything works.
    Quick,
}

impl Workload {
    /// How many connections stand.
    pub(crate) fn connections(self) -> usize {
        match self {
            Self::Echo { connections, .. } | Self::StreamEcho { connections, .. } => connections,
            Self::File { .. } | Self::TlsEcho { .. } | Self::TlsFile { .. } => 1,
            Self::Handshakes { .. } => 0,
        }
    }

    /// The requests that make a round: one on each connection.
    pub(crate) fn round(self) -> u64 {
        self.connections().max(1) as u64
    }

    /// The requests of one turn: some 50 ms of CPU time, and a multiple of the
    /// connections.
    pub(crate) fn turn(self) -> u64 {
        match self {
            Self::TlsEcho { size } if size > 1 << 10 => 2048,
            Self::Echo { .. } | Self::StreamEcho { .. } | Self::TlsEcho { .. } => 8192,
            Self::TlsFile { size } if size <= 1 << 16 => 1024,
            Self::TlsFile { .. } => 64,
            Self::Handshakes { .. } => 256,
            Self::File { size } if size <= 1 << 16 => 4096,
            Self::File { .. } => 4,
        }
    }

    /// As arguments, for this program to run itself with.
    pub(crate) fn to_arguments(self) -> Vec<String> {
        match self {
            Self::Echo { size, connections } => {
                vec!["echo".into(), size.to_string(), connections.to_string()]
            }
            Self::StreamEcho { size, connections } => vec![
                "stream-echo".into(),
                size.to_string(),
                connections.to_string(),
            ],
            Self::File { size } => vec!["file".into(), size.to_string()],
            Self::TlsEcho { size } => vec!["tls-echo".into(), size.to_string()],
            Self::TlsFile { size } => vec!["tls-file".into(), size.to_string()],
            Self::Handshakes { resumed } => vec!["handshakes".into(), resumed.to_string()],
        }
    }

    /// The inverse of [`to_arguments`](Self::to_arguments).
    pub(crate) fn parse(words: &[&str]) -> Option<Self> {
        match *words {
            ["echo", size, connections] => Some(Self::Echo {
                size: size.parse().ok()?,
                connections: connections.parse().ok()?,
            }),
            ["stream-echo", size, connections] => Some(Self::StreamEcho {
                size: size.parse().ok()?,
                connections: connections.parse().ok()?,
            }),
            ["file", size] => Some(Self::File {
                size: size.parse().ok()?,
            }),
            ["tls-echo", size] => Some(Self::TlsEcho {
                size: size.parse().ok()?,
            }),
            ["tls-file", size] => Some(Self::TlsFile {
                size: size.parse().ok()?,
            }),
            ["handshakes", resumed] => Some(Self::Handshakes {
                resumed: resumed.parse().ok()?,
            }),
            _ => None,
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Echo {
                size,
                connections: 1,
            } => write!(f, "echo {}, 1 connection", Bytes(size as u64)),
            Self::Echo { size, connections } => {
                write!(f, "echo {}, {connections} connections", Bytes(size as u64))
            }
            Self::StreamEcho { size, connections } => {
                let plain = Self::Echo { size, connections };
                write!(f, "stream {plain}")
            }
            Self::File { size } => write!(f, "sendfile {}", Bytes(size)),
            Self::TlsEcho { size } => write!(f, "TLS echo {}, 1 connection", Bytes(size as u64)),
            Self::TlsFile { size } => write!(f, "TLS sendfile {}", Bytes(size)),
            Self::Handshakes { resumed: true } => f.write_str("TLS handshake, resumed"),
            Self::Handshakes { resumed: false } => f.write_str("TLS handshake, full"),
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
