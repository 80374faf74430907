//! Parts of a file (RFC 9110, section 14).

/// What a `Range` field asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RangeSpec {
    /// From a position to the end.
    From(u64),
    /// From a position to another, inclusive.
    Within(u64, u64),
    /// The last so many bytes.
    Last(u64),
}

/// What of a file is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    Bytes { start: u64, length: u64 },
    Unsatisfiable,
}

impl RangeSpec {
    /// The one range of bytes that a field names; none for anything else,
    /// which is then to be ignored: several ranges, another unit, bad syntax.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let value = std::str::from_utf8(value).ok()?;
        let (unit, set) = value.split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (first, last) = set.trim().split_once('-')?;
        match (first, last) {
            ("", "") => None,
            ("", count) => number(count).map(Self::Last),
            (first, "") => number(first).map(Self::From),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::Within(first, last))
            }
        }
    }

    /// The range in a file of `size` bytes.
    pub(crate) fn of(self, size: u64) -> Part {
        let (start, end) = match self {
            Self::Last(0) => return Part::Unsatisfiable,
            // There is no way to name no bytes, and the last bytes of an empty
            // file can be had.
            Self::Last(_) if size == 0 => return Part::Whole,
            Self::Last(count) => (size.saturating_sub(count), size),
            Self::From(start) => (start, size),
            Self::Within(start, last) => (start, last.saturating_add(1).min(size)),
        };
        if start >= size {
            return Part::Unsatisfiable;
        }
        Part::Bytes {
            start,
            length: end - start,
        }
    }
}

/// A number of digits alone; one that is too large is beyond every file.
fn number(digits: &str) -> Option<u64> {
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}
