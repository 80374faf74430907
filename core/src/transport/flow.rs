//! The state of a connection's sending side, as its user sees it.

/// What became of written bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Sent or queued: go on.
    Open,
    /// Sent or queued, and more than the high-water mark now waits: `resume_writing`
    /// will say when to go on.
    Full,
    /// Dropped: the connection is closing or lost.
    Closed,
}

/// The marks of the write queue, in bytes (line D45).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteBufferLimits {
    /// At most so many bytes, and `resume_writing` is called.
    pub low: usize,
    /// More than so many bytes, and `pause_writing` is called.
    pub high: usize,
}
