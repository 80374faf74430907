//! A descriptor that becomes a transport's, once it was found fit.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat};

use super::PipeError;
use super::unblocked::Unblocked;
use crate::backend::{AsSource, Interest, Readiness, Source};
use crate::engine::{Engine, Role, Watched};
use crate::event_loop::{LoopClosed, WatchError};

/// A descriptor that a transport owns. It does not block.
pub(super) struct Taken {
    pipe: Unblocked,
    kind: FileType,
    /// How it was opened: for reading, for writing, or for both.
    access: OFlags,
}

impl Taken {
    /// Takes a descriptor to be used in one direction. Nothing has changed when
    /// it is refused.
    pub(super) fn take(
        engine: &Rc<Engine>,
        pipe: OwnedFd,
        direction: Interest,
    ) -> Result<Self, PipeError> {
        if engine.is_closed() {
            return Err(LoopClosed.into());
        }
        let source = pipe.as_source();
        let number = source.number();
        let system = |error: rustix::io::Errno| PipeError::System {
            number,
            source: error.into(),
        };
        let status = fstat(&pipe).map_err(system)?;
        let kind = FileType::from_raw_mode(status.st_mode);
        let fits = matches!(
            kind,
            FileType::Fifo | FileType::Socket | FileType::CharacterDevice
        );
        if !fits {
            return Err(PipeError::Kind { number });
        }
        let access = fcntl_getfl(&pipe).map_err(system)? & OFlags::RWMODE;
        let (other, wanted) = if direction == Interest::READ {
            (OFlags::WRONLY, "reading")
        } else {
            (OFlags::RDONLY, "writing")
        };
        if access == other {
            return Err(PipeError::Direction { number, wanted });
        }
        if let Some(role) = engine.role(source) {
            return Err(PipeError::Watch(WatchError::Owned {
                number,
                owner: role.name(),
            }));
        }
        can_be_watched(engine, source, direction)?;
        let pipe = Unblocked::new(pipe, &status, access)
            .map_err(|source| PipeError::System { number, source })?;
        Ok(Self { pipe, kind, access })
    }

    pub(super) fn is_socket(&self) -> bool {
        self.kind == FileType::Socket
    }

    /// Whether it is an end of a pipe that can be written and not read: there is
    /// nothing to read but that nobody reads.
    pub(super) fn is_write_end(&self) -> bool {
        self.kind == FileType::Fifo && self.access == OFlags::WRONLY
    }
}

impl AsFd for Taken {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

/// Asks the kernel by watching it for a moment.
fn can_be_watched(
    engine: &Rc<Engine>,
    source: Source<'_>,
    direction: Interest,
) -> Result<(), PipeError> {
    let key = engine.enlist(Rc::new(Nobody));
    let watched = engine.with_backend(|backend| {
        backend.watch(source, key, direction)?;
        backend.unwatch(source, key)
    });
    engine.delist(key);
    match watched {
        Some(Err(error)) => Err(PipeError::Watch(WatchError::of(source, error))),
        _ => Ok(()),
    }
}

/// Owns a slot for a moment in which no event can come.
struct Nobody;

impl Watched for Nobody {
    fn role(&self) -> Role {
        Role::Waiter
    }

    fn ready(&self, _: &Engine, _: Readiness) {}

    fn refused(&self, _: io::Error) {}

    fn abandon(&self) {}
}
