//! The name under which a source is watched.

/// The name under which the engine watches a source: a slot and a generation.
///
/// The generation changes whenever a slot is given to another owner, so that an
/// event for an earlier owner is recognised and dropped. To a backend a key is
/// opaque (clause B3); [`to_bits`](Self::to_bits) fits the 64 bits of user data
/// that epoll, kqueue and completion ports keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    slot: u32,
    generation: u32,
}

impl Key {
    /// A key that no engine ever hands out; backends use it for descriptors of
    /// their own.
    ///
    /// ```
    /// use loopline_core::backend::Key;
    ///
    /// assert_eq!(Key::from_bits(Key::RESERVED.to_bits()), Key::RESERVED);
    /// ```
    pub const RESERVED: Self = Self::new(u32::MAX, u32::MAX);

    /// A key of a slot number and a generation.
    #[must_use]
    pub const fn new(slot: u32, generation: u32) -> Self {
        Self { slot, generation }
    }

    /// The slot number.
    #[must_use]
    pub const fn slot(self) -> u32 {
        self.slot
    }

    /// The generation.
    #[must_use]
    pub const fn generation(self) -> u32 {
        self.generation
    }

    /// The key as 64 bits of user data.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        ((self.generation as u64) << 32) | self.slot as u64
    }

    /// The key that [`to_bits`](Self::to_bits) turned into `bits`.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        reason = "each half of the word is one 32-bit field"
    )]
    pub const fn from_bits(bits: u64) -> Self {
        Self::new(bits as u32, (bits >> 32) as u32)
    }
}
