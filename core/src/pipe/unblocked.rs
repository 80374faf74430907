//! Descriptors that do not block for as long as transports use them.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{OFlags, Stat, fcntl_getfl};
use rustix::io::ioctl_fionbio;

/// What transports of this process use, on whatever thread.
static USED: Mutex<BTreeMap<File, Users>> = Mutex::new(BTreeMap::new());

/// A file as it was opened. Standard input and output of a terminal are usually
/// one, and whether it blocks is a property of both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct File {
    device: i128,
    number: i128,
    access: u32,
}

struct Users {
    count: usize,
    /// Whether it blocked before the first one came.
    blocked: bool,
}

/// A descriptor that does not block. Other processes may share it, a shell
/// say: what it was before, it is again after the last of its users.
pub(super) struct Unblocked {
    pipe: OwnedFd,
    file: File,
}

impl Unblocked {
    pub(super) fn new(pipe: OwnedFd, status: &Stat, access: OFlags) -> io::Result<Self> {
        let file = File {
            device: status.st_dev.into(),
            number: status.st_ino.into(),
            access: access.bits(),
        };
        let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
        let blocks = !fcntl_getfl(&pipe)?.contains(OFlags::NONBLOCK);
        if blocks {
            ioctl_fionbio(&pipe, true)?;
        }
        let users = used.entry(file).or_insert(Users {
            count: 0,
            blocked: false,
        });
        users.count += 1;
        users.blocked |= blocks;
        Ok(Self { pipe, file })
    }
}

impl AsFd for Unblocked {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

impl Drop for Unblocked {
    fn drop(&mut self) {
        let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(users) = used.get_mut(&self.file) else {
            return;
        };
        users.count -= 1;
        if users.count == 0 {
            if users.blocked {
                // It is about to be closed; nobody could be told.
                let _ = ioctl_fionbio(&self.pipe, false);
            }
            used.remove(&self.file);
        }
    }
}
