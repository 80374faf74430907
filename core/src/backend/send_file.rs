//! One call that sends a stretch of a file.

use std::num::NonZeroU64;

use super::{BorrowedFile, Source};

/// One stretch of a file, to be sent to a stream socket by one call.
#[derive(Clone, Copy, Debug)]
pub struct SendFile<'a> {
    /// The socket. It does not block.
    pub socket: Source<'a>,
    /// The file.
    pub file: BorrowedFile<'a>,
    /// Where in the file to start, in bytes from its beginning.
    pub offset: u64,
    /// How many bytes to send at most.
    pub len: NonZeroU64,
}

/// What became of a call to [`send_file`](super::Backend::send_file).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// So many bytes left, at most as many as were asked for; 0 is the end of
    /// the file.
    Bytes(u64),
    /// The socket takes nothing now: watch it for writing and call again.
    NotReady,
    /// The kernel works on it: an [`Event::Done`](super::Event::Done) follows.
    InFlight,
}
