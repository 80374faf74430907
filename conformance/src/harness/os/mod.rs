//! What each operating system makes in a way of its own: the one place of the
//! suite that knows that there are several.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::*;
#[cfg(windows)]
pub(crate) use windows::*;

use std::any::Any;
use std::io::{self, Read, Write};

use loopline_core::OwnedPipe;
use loopline_core::backend::AsSource;

/// A descriptor that is open and has no readiness, with the name of its kind.
pub(crate) struct Unwatchable {
    pub(crate) kind: &'static str,
    pub(crate) source: Box<dyn AsSource>,
}

/// What can be read from, and what gives it something to read.
pub(crate) struct PipeToRead {
    pub(crate) kind: &'static str,
    pub(crate) ours: OwnedPipe,
    pub(crate) theirs: Box<dyn Write>,
}

/// What a transport writes to, and the end that is read from.
pub(crate) struct PipeToWrite {
    pub(crate) kind: &'static str,
    pub(crate) ours: OwnedPipe,
    pub(crate) theirs: Box<dyn Read + Send>,
}

/// A descriptor that has nothing to read yet, with the name of its kind.
pub(crate) struct Watchable {
    pub(crate) kind: &'static str,
    pub(crate) source: Box<dyn AsSource>,
    /// Gives it something to read, and returns what has to stay open.
    pub(crate) make_ready: Box<dyn FnOnce() -> io::Result<Box<dyn Any>>>,
}
