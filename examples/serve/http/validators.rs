//! What tells one state of a file from another.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use httpdate::HttpDate;

/// The first second of the year 10000, which HTTP cannot write.
const END_OF_DATES: Duration = Duration::from_secs(253_402_300_800);

/// A time as HTTP writes it; none where HTTP cannot.
pub(super) fn http_date(time: SystemTime) -> Option<HttpDate> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    (since < END_OF_DATES).then(|| time.into())
}

/// The validators of one file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validators {
    size: u64,
    modified: Option<SystemTime>,
}

impl Validators {
    pub(crate) fn new(size: u64, modified: Option<SystemTime>) -> Self {
        Self { size, modified }
    }

    /// The time of the last change, as far as HTTP can write it. A time to
    /// come is not told (RFC 9110, 8.8.2.1).
    pub(crate) fn last_modified(&self, now: SystemTime) -> Option<HttpDate> {
        http_date(self.modified?.min(now))
    }

    /// The entity tag.
    pub(crate) fn etag(&self) -> EntityTag {
        let since = self
            .modified
            .and_then(|modified| modified.duration_since(UNIX_EPOCH).ok())
            .unwrap_or_default();
        EntityTag {
            size: self.size,
            nanos: since.as_nanos(),
        }
    }
}

/// An entity tag, made of what a change of the file changes. It is strong as
/// far as the clock of the file system is fine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntityTag {
    size: u64,
    nanos: u128,
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{:x}-{:x}\"", self.nanos, self.size)
    }
}
