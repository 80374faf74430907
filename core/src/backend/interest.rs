//! What is wanted of a source, and what it is ready for.

use bitflags::bitflags;

bitflags! {
    /// What a source is watched for.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Interest: u8 {
        /// Data, an incoming connection, or the end of the stream.
        const READ = 1;
        /// Room for data, or the end of a connection attempt.
        const WRITE = 2;
    }
}

bitflags! {
    /// What a source is ready for.
    ///
    /// A hang-up or an error is reported as readiness for at least every
    /// interest that is armed (clause B2): whoever acts on it meets the error
    /// itself.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Readiness: u8 {
        /// Reading will not block.
        const READ = 1;
        /// Writing will not block.
        const WRITE = 2;
    }
}

impl From<Interest> for Readiness {
    /// The readiness that satisfies the whole of an interest.
    #[inline]
    fn from(interest: Interest) -> Self {
        Self::from_bits_retain(interest.bits())
    }
}

/// What the kernel knew of a source that is watched again (clause B4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rewatched {
    /// The very source was registered, and its registration was changed.
    Changed,
    /// It was not: whatever was watched under its number before was closed,
    /// and this is another source, which is watched from now on.
    Anew,
}
