//! The file that is sent.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

/// How much is written and hashed at once, in bytes.
const CHUNK: usize = 256 * 1024;

/// A SHA-256 sum.
pub(crate) type Sum = [u8; 32];

/// An open file, its size, and its SHA-256.
pub(crate) struct Source {
    pub(crate) file: Arc<File>,
    pub(crate) size: u64,
    pub(crate) sum: Sum,
}

impl Source {
    /// A file of the user's.
    ///
    /// # Errors
    ///
    /// In one sentence, why it cannot be had.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let explain = |error: io::Error| format!("cannot send {}: {error}", path.display());
        // Opening a named pipe would wait for its writer.
        let kind = fs::metadata(path).map_err(explain)?.file_type();
        if !kind.is_file() {
            let what = if kind.is_dir() {
                "it is a directory"
            } else {
                "it is not a regular file"
            };
            return Err(format!("cannot send {}: {what}", path.display()));
        }
        File::open(path).and_then(Self::examine).map_err(explain)
    }

    /// A temporary file of pseudo-random bytes, without a name, so that
    /// nothing of it outlives the process.
    ///
    /// # Errors
    ///
    /// In one sentence, why it cannot be had.
    pub(crate) fn random(size: u64) -> Result<Self, String> {
        let make = || {
            let mut file = tempfile::tempfile()?;
            reserve(&file, size)?;
            fill(&mut file, size)?;
            Self::examine(file)
        };
        make().map_err(|error| {
            let place = std::env::temp_dir();
            format!("cannot make {size} bytes in {}: {error}", place.display())
        })
    }

    fn examine(mut file: File) -> io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        let mut hash = Sha256::new();
        let mut chunk = vec![0; CHUNK];
        let mut size = 0;
        loop {
            match file.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => {
                    hash.update(&chunk[..count]);
                    size += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self {
            file: Arc::new(file),
            size,
            sum: hash.finalize().into(),
        })
    }
}

/// Finds out that there is no room before everything is full.
#[cfg(target_os = "linux")]
fn reserve(file: &File, size: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;

    match fallocate(file, FallocateFlags::empty(), 0, size) {
        // Some file systems cannot.
        Ok(()) | Err(Errno::OPNOTSUPP) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn reserve(_: &File, _: u64) -> io::Result<()> {
    Ok(())
}

fn fill(file: &mut File, size: u64) -> io::Result<()> {
    let mut random = fastrand::Rng::with_seed(size);
    let mut chunk = vec![0; CHUNK];
    let mut left = size;
    while left > 0 {
        let count = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
        random.fill(&mut chunk[..count]);
        file.write_all(&chunk[..count])?;
        left -= count as u64;
    }
    Ok(())
}
