//! Which signal, and why it cannot be handled.

use std::fmt;
use std::io;

use thiserror::Error;

use crate::event_loop::LoopClosed;

/// A signal, by its number.
///
/// Windows has [`interrupt`](Self::interrupt) alone, for Ctrl-C and Ctrl-Break.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignalKind(i32);

#[cfg(unix)]
macro_rules! kinds {
    ($($name:ident = $number:ident, $what:literal;)*) => {
        impl SignalKind {
            $(
                #[doc = $what]
                #[must_use]
                pub const fn $name() -> Self {
                    Self(signal_hook::consts::$number)
                }
            )*
        }
    };
}

#[cfg(unix)]
kinds! {
    alarm = SIGALRM, "SIGALRM: a timer of alarm(2) has run out.";
    child = SIGCHLD, "SIGCHLD: a child has ended or was stopped. Ignored by default.";
    hangup = SIGHUP, "SIGHUP: the terminal is gone; to daemons, to read their configuration.";
    interrupt = SIGINT, "SIGINT: Ctrl-C on the terminal.";
    pipe = SIGPIPE, "SIGPIPE: nobody reads a pipe. Rust's programs ignore it.";
    quit = SIGQUIT, "SIGQUIT: Ctrl-\\ on the terminal.";
    terminate = SIGTERM, "SIGTERM: the program is asked to end.";
    user_defined1 = SIGUSR1, "SIGUSR1: whatever the program makes of it.";
    user_defined2 = SIGUSR2, "SIGUSR2: whatever the program makes of it.";
    window_change = SIGWINCH, "SIGWINCH: the terminal has another size. Ignored by default.";
}

#[cfg(not(unix))]
impl SignalKind {
    /// Ctrl-C and Ctrl-Break on the console.
    #[must_use]
    pub const fn interrupt() -> Self {
        Self(2)
    }
}

impl SignalKind {
    /// The signal of a number. Whether the system has it shows when it is to be
    /// handled.
    #[must_use]
    pub const fn from_raw(number: i32) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn as_raw(self) -> i32 {
        self.0
    }
}

impl fmt::Debug for SignalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(unix)]
        if let Some(name) = signal_hook::low_level::signal_name(self.0) {
            return f.write_str(name);
        }
        write!(f, "SignalKind({})", self.0)
    }
}

/// Why a signal is not handled; nothing has changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignalError {
    /// The loop was closed.
    #[error(transparent)]
    Closed(#[from] LoopClosed),
    /// The system has no such signal.
    #[error("{kind:?} is no signal of this system")]
    Unknown {
        /// What was asked for.
        kind: SignalKind,
    },
    /// The signal cannot be caught, as SIGKILL and SIGSTOP, or says that the
    /// program is broken, as SIGSEGV.
    #[error("{kind:?} cannot be handled")]
    Uncatchable {
        /// What was asked for.
        kind: SignalKind,
    },
    /// The system refused.
    #[error("cannot handle {kind:?}: {source}")]
    System {
        /// What was asked for.
        kind: SignalKind,
        /// What the system answered.
        source: io::Error,
    },
}

impl From<SignalError> for io::Error {
    fn from(error: SignalError) -> Self {
        let kind = match &error {
            SignalError::Closed(_) => io::ErrorKind::NotConnected,
            SignalError::Unknown { .. } | SignalError::Uncatchable { .. } => {
                io::ErrorKind::InvalidInput
            }
            SignalError::System { source, .. } => source.kind(),
        };
        Self::new(kind, error)
    }
}
