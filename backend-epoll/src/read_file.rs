//! Reading a file where that cannot wait for a disk.

use std::io::{self, IoSliceMut};

use loopline_core::backend::BorrowedFile;
use rustix::fs::{FileType, fstat, fstatfs};
use rustix::io::{Errno, ReadWriteFlags, pread, preadv2};

/// File systems whose files are never anywhere but in memory; `f_type` of
/// statfs(2), from `linux/magic.h`.
const TMPFS_MAGIC: u32 = 0x0102_1994;
const RAMFS_MAGIC: u32 = 0x8584_58f6;

/// Reads at `offset` what is in memory, or answers `WouldBlock`.
pub(crate) fn read_file(file: BorrowedFile<'_>, offset: u64, into: &mut [u8]) -> io::Result<usize> {
    if i64::try_from(offset).is_err() {
        // The kernel's offsets are signed, and all ones would mean the file
        // position, see preadv2(2).
        return Err(Errno::INVAL.into());
    }
    if into.is_empty() {
        return Ok(0);
    }
    match read_cached(file, offset, into) {
        Ok(0) => end_of_file(file, offset),
        Ok(count) => Ok(count),
        // Not every file system can tell, but with some there is no need to.
        Err(Errno::OPNOTSUPP) if is_in_memory(file) => read(file, offset, into),
        Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS) => Err(would_block()),
        Err(error) => Err(error.into()),
    }
}

fn read_cached(file: BorrowedFile<'_>, offset: u64, into: &mut [u8]) -> Result<usize, Errno> {
    retry_on_interruption(|| {
        let mut into = [IoSliceMut::new(into)];
        preadv2(file.fd(), &mut into, offset, ReadWriteFlags::NOWAIT)
    })
}

fn read(file: BorrowedFile<'_>, offset: u64, into: &mut [u8]) -> io::Result<usize> {
    Ok(retry_on_interruption(|| {
        pread(file.fd(), &mut *into, offset)
    })?)
}

fn retry_on_interruption<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            other => return other,
        }
    }
}

/// Answers for a read that brought nothing.
///
/// Linux 5.9 and 5.10 bring nothing before the end of a file too (preadv2(2),
/// section BUGS), so the size has the last word. Files that have none, such as
/// devices, are left to a plain read.
fn end_of_file(file: BorrowedFile<'_>, offset: u64) -> io::Result<usize> {
    let stat = fstat(file.fd())?;
    let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    let size = u64::try_from(stat.st_size).unwrap_or(0);
    if regular && offset >= size {
        return Ok(0);
    }
    Err(would_block())
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a magic number has 32 bits; the width and sign of the field vary"
)]
fn is_in_memory(file: BorrowedFile<'_>) -> bool {
    fstatfs(file.fd()).is_ok_and(|stat| matches!(stat.f_type as u32, TMPFS_MAGIC | RAMFS_MAGIC))
}

fn would_block() -> io::Error {
    io::ErrorKind::WouldBlock.into()
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;
    use std::path::Path;

    use super::*;

    fn kind(answer: io::Result<usize>) -> Option<io::ErrorKind> {
        answer.err().map(|error| error.kind())
    }

    #[test]
    fn a_file_in_memory_is_read_whatever_the_kernel_can_tell() {
        // Absent in some containers; the file system of /tmp decides nothing.
        let memory = Path::new("/dev/shm");
        let directory = if memory.is_dir() {
            memory
        } else {
            Path::new("/tmp")
        };
        let mut file = tempfile::tempfile_in(directory).expect("a temporary file");
        file.write_all(b"in memory").expect("write");
        let mut buffer = [0; 16];
        let answer = read((&file).into(), 3, &mut buffer).expect("read");
        assert_eq!(&buffer[..answer], b"memory");
        if memory.is_dir() {
            assert!(is_in_memory((&file).into()));
            let answer = read_file((&file).into(), 3, &mut buffer).expect("read");
            assert_eq!(&buffer[..answer], b"memory");
        }
    }

    #[test]
    fn a_file_that_tells_no_size_is_left_to_a_plain_read() {
        let file = File::open("/proc/self/status").expect("procfs");
        assert!(!is_in_memory((&file).into()));
        let answer = read_file((&file).into(), 0, &mut [0; 64]);
        assert_eq!(kind(answer), Some(io::ErrorKind::WouldBlock));
    }

    #[test]
    fn the_size_has_the_last_word_on_the_end() {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(b"12345").expect("write");
        let file = BorrowedFile::from(&file);
        assert_eq!(end_of_file(file, 5).expect("the end"), 0);
        assert_eq!(end_of_file(file, 6).expect("beyond"), 0);
        assert_eq!(kind(end_of_file(file, 4)), Some(io::ErrorKind::WouldBlock));
        let device = File::open("/dev/null").expect("a device");
        let answer = end_of_file((&device).into(), 0);
        assert_eq!(kind(answer), Some(io::ErrorKind::WouldBlock));
    }

    #[test]
    fn an_offset_that_would_mean_the_file_position_is_refused() {
        let file = tempfile::tempfile().expect("a temporary file");
        for offset in [u64::MAX, 1 << 63] {
            let answer = read_file((&file).into(), offset, &mut [0; 8]);
            assert_eq!(kind(answer), Some(io::ErrorKind::InvalidInput));
        }
    }
}
