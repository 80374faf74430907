//! How bytes of TLS arrive.

/// The header of a record: type, version, length (RFC 8446, section 5.1).
pub(crate) const HEADER: usize = 5;

/// How the bytes of one flight arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// At once.
    Whole,
    /// One by one.
    Bytes,
    /// In pieces that end at each record and within each record's header.
    Headers,
}

impl Cut {
    pub(crate) const ALL: [Self; 3] = [Self::Whole, Self::Bytes, Self::Headers];

    /// The pieces of bytes that begin with a record.
    pub(crate) fn pieces(self, bytes: &[u8]) -> Vec<&[u8]> {
        let ends: Vec<usize> = match self {
            Self::Whole => Vec::new(),
            Self::Bytes => (1..bytes.len()).collect(),
            Self::Headers => records(bytes)
                .into_iter()
                .flat_map(|(start, _)| [start, start + 3])
                .filter(|end| (1..bytes.len()).contains(end))
                .collect(),
        };
        let mut pieces = Vec::new();
        let mut from = 0;
        for end in ends.into_iter().chain([bytes.len()]) {
            pieces.extend(bytes.get(from..end));
            from = end;
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }
}

/// Where the records of `bytes` begin and end; the last may be cut.
pub(crate) fn records(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + HEADER) {
        let start = at;
        at += HEADER + usize::from(u16::from_be_bytes([header[3], header[4]]));
        found.push((start, at.min(bytes.len())));
    }
    found
}

/// A record in the clear.
pub(crate) fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).unwrap_or(u16::MAX);
    let mut record = vec![kind, 3, 3];
    record.extend_from_slice(&len.to_be_bytes());
    record.extend_from_slice(content);
    record
}

/// Types of records (RFC 8446, section 5.1).
pub(crate) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(crate) const ALERT: u8 = 21;
pub(crate) const HANDSHAKE: u8 = 22;
pub(crate) const DATA: u8 = 23;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_whole() {
        let bytes = [
            record(HANDSHAKE, b"one"),
            record(DATA, b""),
            record(ALERT, b"xy"),
        ]
        .concat();
        for cut in Cut::ALL {
            assert_eq!(cut.pieces(&bytes).concat(), bytes, "{cut:?}");
        }
        let lengths: Vec<_> = Cut::Headers
            .pieces(&bytes)
            .iter()
            .map(|p| p.len())
            .collect();
        assert_eq!(lengths, [3, 5, 3, 2, 3, 4]);
        assert_eq!(Cut::Bytes.pieces(&bytes).len(), bytes.len());
        assert!(Cut::Whole.pieces(b"").is_empty());
    }
}
