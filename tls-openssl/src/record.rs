//! The header of a record (RFC 8446, section 5.1), which is looked at before OpenSSL
//! gets the record.

use loopline_core::tls::RECORD_LIMIT;

/// How long a header is: type, version, length.
pub(crate) const HEADER: usize = 5;

/// The type of a record with alerts (RFC 5246, section 6.2.1).
pub(crate) const ALERT: u8 = 21;

/// The type of a record with data, the only one that may be empty.
const DATA: u8 = 23;

/// How many empty records OpenSSL forgives in a row (`MAX_EMPTY_RECORDS` in its
/// `record_local.h`).
const FORGIVEN: usize = 32;

/// Why something cannot be a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There is no such type.
    Type,
    /// It is of no version of TLS.
    Version,
    /// It is longer than any record.
    Length,
    /// Nothing is in it.
    Empty,
}

impl Fault {
    /// What is wrong with the header that the bytes begin with, as far as it is
    /// there.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.first().is_some_and(|kind| !(20..=24).contains(kind)) {
            return Some(Self::Type);
        }
        if bytes.get(1).is_some_and(|major| *major != 3) {
            return Some(Self::Version);
        }
        match end(bytes) {
            Some(end) if end > RECORD_LIMIT => Some(Self::Length),
            Some(HEADER) if bytes.first() != Some(&DATA) => Some(Self::Empty),
            _ => None,
        }
    }

    /// What OpenSSL takes for the same, so that it makes the alert with its keys;
    /// the bytes begin with the header.
    pub(crate) fn provocation(self, bytes: &[u8]) -> Vec<u8> {
        let header = &bytes[..bytes.len().min(HEADER)];
        match self {
            // A whole record. Where types are sealed, as in TLS 1.2, it is the seal
            // that is wrong.
            Self::Type => {
                let mut record = vec![0; HEADER + 64];
                record[..HEADER].copy_from_slice(&[header[0], 3, 3, 0, 64]);
                record
            }
            // It looks at versions first, and at lengths as soon as it has a header.
            Self::Version | Self::Length => {
                let mut record = vec![0, 3, 3, 0xff, 0xff];
                let known = header.len().min(3);
                record[..known].copy_from_slice(&header[..known]);
                record
            }
            Self::Empty => header.repeat(FORGIVEN + 1),
        }
    }

    /// The alert in the clear that says so.
    pub(crate) fn alert(self) -> [u8; 7] {
        let description = match self {
            // unexpected_message (RFC 8446, sections 5 and 5.4)
            Self::Type | Self::Empty => 10,
            // record_overflow (section 5.1)
            Self::Length => 22,
            // decode_error: what follows has a form that nobody knows (section 6)
            Self::Version => 50,
        };
        [ALERT, 3, 3, 0, 2, 2, description]
    }
}

/// Where the record ends that the bytes begin with, if they have its header.
pub(crate) fn end(bytes: &[u8]) -> Option<usize> {
    let header = bytes.first_chunk::<HEADER>()?;
    Some(HEADER + usize::from(u16::from_be_bytes([header[3], header[4]])))
}

#[cfg(test)]
mod tests {
    use super::{Fault, RECORD_LIMIT};

    #[test]
    fn a_header_is_judged_by_what_is_there() {
        let [high, low] = u16::try_from(RECORD_LIMIT - 5)
            .map(u16::to_be_bytes)
            .expect("a record's length");
        for (bytes, fault) in [
            (&b""[..], None),
            (b"\x16", None),
            (b"\x16\x03\x01\x00", None),
            (b"\x16\x03\x03\x00\x01", None),
            (b"\x17\x03\x03\x00\x00", None),
            (b"\x16\x03\x03\x00\x00", Some(Fault::Empty)),
            (b"G", Some(Fault::Type)),
            (b"\x80\x2e\x01", Some(Fault::Type)),
            (b"\x16\x06", Some(Fault::Version)),
            (b"\x16\x03\x03\xff\xff", Some(Fault::Length)),
            (&[22, 3, 3, high, low], None),
            (&[22, 3, 3, high, low + 1], Some(Fault::Length)),
        ] {
            assert_eq!(Fault::of(bytes), fault, "{bytes:02x?}");
        }
    }
}
