//! The directory that mail is written to.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use blocking::unblock;
use tempfile::{Builder, NamedTempFile};

/// A directory that mail is written to, in threads beside the loop's: a disk can
/// take as long as it likes.
#[derive(Clone)]
pub(crate) struct Store(Arc<Place>);

struct Place {
    dir: PathBuf,
    /// How many names were given.
    names: AtomicU64,
}

/// A mail that is not complete. What was written of it is removed when this is
/// dropped.
pub(crate) struct Draft {
    place: Arc<Place>,
    /// None as long as nothing was written.
    file: Option<NamedTempFile>,
}

impl Store {
    /// Finds out whether the directory can be written to.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        // An absolute path names the same directory for as long as this runs.
        let dir = fs::canonicalize(dir)?;
        temporary(&dir)?.close()?;
        Ok(Self(Arc::new(Place {
            dir,
            names: AtomicU64::new(0),
        })))
    }

    /// Begins a mail. Nothing is written yet.
    pub(crate) fn draft(&self) -> Draft {
        Draft {
            place: Arc::clone(&self.0),
            file: None,
        }
    }
}

impl Draft {
    /// Appends to the mail.
    ///
    /// # Errors
    ///
    /// What the system answers; nothing is left of the mail then.
    pub(crate) async fn append(mut self, bytes: Vec<u8>) -> io::Result<Self> {
        unblock(move || {
            self.write(&bytes)?;
            Ok(self)
        })
        .await
    }

    /// Appends the rest, and gives the mail its name once all of it is on the
    /// disk.
    ///
    /// # Errors
    ///
    /// What the system answers; nothing is left of the mail then.
    pub(crate) async fn deliver(mut self, rest: Vec<u8>) -> io::Result<String> {
        unblock(move || {
            let file = self.write(&rest)?;
            file.as_file().sync_all()?;
            let file = self.file.take().ok_or(io::ErrorKind::NotFound)?;
            self.place.give_name(file)
        })
        .await
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<&NamedTempFile> {
        let file = match self.file.take() {
            Some(file) => file,
            None => temporary(&self.place.dir)?,
        };
        let file = self.file.insert(file);
        file.as_file_mut().write_all(bytes)?;
        Ok(file)
    }
}

impl Place {
    fn give_name(&self, mut file: NamedTempFile) -> io::Result<String> {
        loop {
            let number = self.names.fetch_add(1, Ordering::Relaxed);
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            let nanoseconds = now.unwrap_or_default().as_nanos();
            let name = format!("{nanoseconds}.{}.{number}.eml", process::id());
            match file.persist_noclobber(self.dir.join(&name)) {
                Ok(_) => {
                    sync(&self.dir)?;
                    return Ok(name);
                }
                Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                    file = error.file;
                }
                Err(error) => return Err(error.error),
            }
        }
    }
}

/// A file whose name begins with a dot, and which only its owner may read, as
/// mail is nobody else's business.
fn temporary(dir: &Path) -> io::Result<NamedTempFile> {
    Builder::new()
        .prefix(".smtp-sink-")
        .suffix(".part")
        .tempfile_in(dir)
}

/// A name is on the disk when its directory is (fsync(2)).
#[cfg(unix)]
fn sync(dir: &Path) -> io::Result<()> {
    fs::File::open(dir)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}
