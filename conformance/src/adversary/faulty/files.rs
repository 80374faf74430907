//! What a backend with a fault does with files.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::num::NonZeroU64;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

use loopline_backend_epoll::EpollBackend;
use loopline_core::backend::{Backend, BorrowedFile, Key, SendFile, Sent};
use rustix::io::{FdFlags, fcntl_setfd};

use super::Fault;

pub(super) fn send(inner: &mut EpollBackend, fault: Fault, job: &SendFile<'_>) -> io::Result<Sent> {
    let mut job = *job;
    match fault {
        Fault::SendsFromTheStart => job.offset = 0,
        Fault::SendsTooMuch => job.len = NonZeroU64::MAX,
        Fault::RefusesLongStretches if i32::try_from(job.len.get()).is_err() => {
            return Err(ErrorKind::InvalidInput.into());
        }
        Fault::MovesPositions => moved(job.file)?,
        Fault::InventsJobs => return Ok(Sent::InFlight),
        _ => {}
    }
    loop {
        match (fault, inner.send_file(Key::RESERVED, &job)) {
            (Fault::BlocksOnFullSockets, Ok(Sent::NotReady)) => {
                thread::sleep(Duration::from_millis(1))
            }
            (Fault::Mislabels, Err(_)) => return Err(ErrorKind::PermissionDenied.into()),
            (Fault::BlamesThePair, Err(_)) => return Err(ErrorKind::Unsupported.into()),
            (Fault::SwallowsErrors, Err(_)) => return Ok(Sent::Bytes(0)),
            (_, answer) => return answer,
        }
    }
}

pub(super) fn read(
    inner: &mut EpollBackend,
    fault: Fault,
    file: BorrowedFile<'_>,
    offset: u64,
    into: &mut [u8],
) -> io::Result<usize> {
    match fault {
        Fault::ReadsFromTheStart => return inner.read_file(file, 0, into),
        Fault::EndsEarly => return Ok(0),
        Fault::BlocksOnPipes => return duplicate(file)?.read(into),
        Fault::MovesPositions => moved(file)?,
        _ => {}
    }
    match (fault, inner.read_file(file, offset, into)) {
        (Fault::SwallowsErrors, Err(_)) => duplicate(file)?.read(into),
        (_, answer) => answer,
    }
}

fn moved(file: BorrowedFile<'_>) -> io::Result<()> {
    duplicate(file)?.seek(SeekFrom::Current(1)).map(drop)
}

/// The same open file: it has the same position.
fn duplicate(file: BorrowedFile<'_>) -> io::Result<File> {
    Ok(file.fd().try_clone_to_owned()?.into())
}

/// A descriptor that a child process inherits.
pub(super) fn inherited() -> io::Result<OwnedFd> {
    let file = File::open("/dev/null")?;
    fcntl_setfd(&file, FdFlags::empty())?;
    Ok(file.into())
}
