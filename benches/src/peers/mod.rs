//! The same workloads served by others, each as its own documentation has it.

pub(crate) mod mio;
mod progress;
pub(crate) mod smol;
pub(crate) mod tokio;

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

use rustix::fs::sendfile;

/// As much of a file as is encrypted at once: the same as the bare loop's.
const PIECE: usize = 64 << 10;

/// What a task reads into that does not know what comes, as in tokio's tutorial.
const SMALL: usize = 4 << 10;

/// One call of sendfile(2); how much has left.
fn send_some(to: &impl AsFd, file: &File, offset: &mut u64, end: u64) -> io::Result<usize> {
    let count = usize::try_from(end - *offset).map_err(io::Error::other)?;
    match sendfile(to, file, Some(offset), count)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        sent => Ok(sent),
    }
}

/// Reads the next piece of a file; it is in the page cache.
fn read_piece<'a>(file: &File, piece: &'a mut [u8], offset: u64, end: u64) -> io::Result<&'a [u8]> {
    let room = usize::try_from(end - offset).map_err(io::Error::other)?;
    let room = room.min(piece.len());
    match file.read_at(&mut piece[..room], offset)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => Ok(&piece[..count]),
    }
}
