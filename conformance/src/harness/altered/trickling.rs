//! Little at a time.

use std::io;
use std::num::NonZeroU64;

use loopline_core::backend::{Backend, Key, SendFile, Sent};

use super::Alter;

/// Sends at most so many bytes a call, and every other time nothing.
pub(crate) struct Trickling {
    most: NonZeroU64,
    pausing: bool,
    /// What it says instead of [`Sent::NotReady`].
    interruption: Option<io::ErrorKind>,
}

impl Trickling {
    pub(crate) fn new(most: NonZeroU64) -> Self {
        Self {
            most,
            pausing: false,
            interruption: None,
        }
    }

    /// One that is interrupted every other time.
    pub(crate) fn interrupted(self, by: io::ErrorKind) -> Self {
        Self {
            interruption: Some(by),
            ..self
        }
    }
}

impl Alter for Trickling {
    fn send_file(
        &mut self,
        inner: &mut dyn Backend,
        key: Key,
        job: &SendFile<'_>,
    ) -> io::Result<Sent> {
        self.pausing = !self.pausing;
        if self.pausing {
            return match self.interruption {
                Some(kind) => Err(kind.into()),
                None => Ok(Sent::NotReady),
            };
        }
        let len = job.len.min(self.most);
        inner.send_file(key, &SendFile { len, ..*job })
    }
}
