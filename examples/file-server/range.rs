//! Parts of files (RFC 9110, section 14).

use std::ops::Range;

/// What an answer says of its part.
pub(crate) fn named(part: &Range<u64>, length: u64) -> String {
    format!(
        "Content-Range: bytes {}-{}/{length}",
        part.start,
        part.end - 1
    )
}

/// The part that a request asks for; none if there is no such part, or none that is
/// understood: then all of the file is an answer, too. The head is in small letters.
pub(crate) fn asked(head: &str, length: u64) -> Option<Range<u64>> {
    let (_, asked) = head.split_once("\nrange: bytes=")?;
    let part = match asked.lines().next()?.split_once('-')? {
        ("", count) => length.saturating_sub(count.parse().ok()?)..length,
        (first, "") => first.parse().ok()?..length,
        (first, last) => first.parse().ok()?..last.parse::<u64>().ok()?.checked_add(1)?.min(length),
    };
    (!part.is_empty()).then_some(part)
}
