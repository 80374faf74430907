//! Errors in the middle.

use std::io;
use std::num::NonZeroU64;

use loopline_core::backend::{Backend, BorrowedFile, Capabilities, Key, SendFile, Sent};

use super::Alter;

/// Sends so many bytes a call, so many times, and then fails.
pub(crate) struct Failing {
    pub(crate) stretch: NonZeroU64,
    pub(crate) calls: u64,
    pub(crate) error: io::ErrorKind,
}

impl Alter for Failing {
    fn send_file(
        &mut self,
        inner: &mut dyn Backend,
        key: Key,
        job: &SendFile<'_>,
    ) -> io::Result<Sent> {
        let Some(left) = self.calls.checked_sub(1) else {
            return Err(self.error.into());
        };
        self.calls = left;
        let len = job.len.min(self.stretch);
        inner.send_file(key, &SendFile { len, ..*job })
    }
}

/// Sends no file itself, and fails to read any.
pub(crate) struct Unreadable(pub(crate) io::ErrorKind);

impl Alter for Unreadable {
    fn capabilities(&self, inner: Capabilities) -> Capabilities {
        let mut capabilities = inner;
        capabilities.send_file = false;
        capabilities.read_file = true;
        capabilities
    }

    fn read_file(
        &mut self,
        _inner: &mut dyn Backend,
        _file: BorrowedFile<'_>,
        _offset: u64,
        _into: &mut [u8],
    ) -> io::Result<usize> {
        Err(self.0.into())
    }
}
