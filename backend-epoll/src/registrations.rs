//! Which key is armed for which descriptor.
//!
//! The kernel keeps 64 bits of user data with a registration, and a key fills
//! all of them. But an event tells nothing of what was asked for, which decides
//! what a hang-up means (B2), and the kernel may go on reporting a registration
//! whose descriptor was closed while a duplicate lives on (line C31). So the
//! user data is a [`Token`] instead, and the key is looked up by it.

use std::os::fd::RawFd;

use loopline_core::backend::{Interest, Key};

/// How many bits of a tag hold the armed interest.
const INTEREST_BITS: u32 = 2;

/// The user data of one registration: the descriptor's number, what is armed,
/// and a serial number that tells it from earlier ones of the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    number: u32,
    tag: u32,
}

impl Token {
    pub(crate) fn to_bits(self) -> u64 {
        (u64::from(self.tag) << 32) | u64::from(self.number)
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "each half of the word is one 32-bit field"
    )]
    pub(crate) fn from_bits(bits: u64) -> Self {
        Self {
            number: bits as u32,
            tag: (bits >> 32) as u32,
        }
    }

    fn armed(self) -> Interest {
        // The bits above the interest are the serial number's.
        Interest::from_bits_truncate((self.tag & ((1 << INTEREST_BITS) - 1)) as u8)
    }
}

/// The live registrations, by descriptor number.
#[derive(Debug, Default)]
pub(crate) struct Registrations {
    entries: Vec<Entry>,
    serial: u32,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: Key,
    tag: u32,
}

impl Entry {
    /// A tag of 0 is never issued, because what is armed is never empty.
    const VACANT: Self = Self {
        key: Key::RESERVED,
        tag: 0,
    };
}

impl Registrations {
    /// A token for the next registration of a descriptor.
    pub(crate) fn issue(&mut self, number: RawFd, want: Interest) -> Token {
        self.serial = self.serial.wrapping_add(1);
        Token {
            number: number.unsigned_abs(),
            tag: (self.serial << INTEREST_BITS) | u32::from(want.bits()),
        }
    }

    /// Records that the kernel has taken a token; earlier ones of the same
    /// number mean nothing from now on.
    pub(crate) fn record(&mut self, token: Token, key: Key) {
        let index = token.number as usize;
        if index >= self.entries.len() {
            self.entries.resize(index + 1, Entry::VACANT);
        }
        self.entries[index] = Entry {
            key,
            tag: token.tag,
        };
    }

    /// Forgets the registration of a descriptor.
    pub(crate) fn forget(&mut self, number: RawFd) {
        if let Some(entry) = self.entries.get_mut(number.unsigned_abs() as usize) {
            *entry = Entry::VACANT;
        }
    }

    /// The key and the armed interest of a token, unless it is out of date.
    #[inline]
    pub(crate) fn find(&self, token: Token) -> Option<(Key, Interest)> {
        let entry = self.entries.get(token.number as usize)?;
        (entry.tag == token.tag).then(|| (entry.key, token.armed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Interest = Interest::all();

    fn registered(table: &mut Registrations, number: RawFd, key: Key, want: Interest) -> Token {
        let token = table.issue(number, want);
        table.record(token, key);
        Token::from_bits(token.to_bits())
    }

    #[test]
    fn a_token_finds_its_key_and_interest() {
        let mut table = Registrations::default();
        let key = Key::new(u32::MAX, 7);
        for want in [Interest::READ, Interest::WRITE, BOTH] {
            let token = registered(&mut table, 900, key, want);
            assert_eq!(table.find(token), Some((key, want)));
        }
    }

    #[test]
    fn a_token_is_out_of_date_once_another_is_recorded() {
        let mut table = Registrations::default();
        let old = registered(&mut table, 3, Key::new(0, 0), BOTH);
        let new = registered(&mut table, 3, Key::new(0, 1), BOTH);
        assert_eq!(table.find(old), None);
        assert_eq!(table.find(new), Some((Key::new(0, 1), BOTH)));
    }

    #[test]
    fn a_forgotten_token_finds_nothing() {
        let mut table = Registrations::default();
        let token = registered(&mut table, 0, Key::new(1, 1), Interest::READ);
        table.forget(0);
        table.forget(12);
        assert_eq!(table.find(token), None);
    }

    #[test]
    fn a_token_that_was_issued_but_refused_changes_nothing() {
        let mut table = Registrations::default();
        let kept = registered(&mut table, 5, Key::new(1, 1), Interest::READ);
        let refused = table.issue(5, BOTH);
        assert_eq!(table.find(refused), None);
        assert!(table.find(kept).is_some());
    }

    #[test]
    fn the_reserved_key_is_no_token() {
        let table = Registrations::default();
        assert_eq!(table.find(Token::from_bits(Key::RESERVED.to_bits())), None);
    }
}
