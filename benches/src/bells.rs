//! Descriptors that are ready: eventfd(2), read and written through the C
//! library, whoever watches them.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::event::{EventfdFlags, eventfd};

use crate::placement::allow_descriptors;

/// Descriptors, some of which are always ready.
pub(crate) struct Bells(Vec<Bell>);

/// One descriptor.
pub(crate) struct Bell(File);

impl Bells {
    /// Makes some of which every n-th is active.
    pub(crate) fn hang(descriptors: usize, active: usize) -> io::Result<Self> {
        allow_descriptors()?;
        let bells: io::Result<Vec<Bell>> = (0..descriptors).map(|_| Bell::silent()).collect();
        let bells = bells?;
        for bell in bells.iter().step_by(descriptors / active).take(active) {
            bell.ring()?;
        }
        Ok(Self(bells))
    }

    pub(crate) fn all(&self) -> &[Bell] {
        &self.0
    }

    pub(crate) fn into_all(self) -> Vec<Bell> {
        self.0
    }
}

impl Bell {
    fn silent() -> io::Result<Self> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        Ok(Self(File::from(eventfd(0, flags)?)))
    }

    /// Makes it ready.
    pub(crate) fn ring(&self) -> io::Result<()> {
        (&self.0).write_all(&1_u64.to_ne_bytes())
    }

    /// Takes that it was ready.
    pub(crate) fn silence(&self) -> io::Result<()> {
        (&self.0).read_exact(&mut [0; 8])
    }

    /// What the event of an active one is worth: taken, and made anew.
    pub(crate) fn answer(&self) -> io::Result<()> {
        self.silence()?;
        self.ring()
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Bell {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl From<Bell> for OwnedFd {
    fn from(bell: Bell) -> Self {
        bell.0.into()
    }
}
