//! The files under the root.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use crate::http::{Status, Target, Validators};
use crate::listing::Listing;

/// A directory whose files are served. No path leads out of it: neither `..`
/// nor an absolute path nor a symbolic link (on Linux by openat2(2) with
/// `RESOLVE_BENEATH`).
pub(crate) struct Site {
    root: Dir,
    reading: OpenOptions,
}

/// What a path names.
pub(crate) enum Found {
    File(Opened),
    /// A directory that was asked for without a slash at the end.
    Directory,
    /// A directory without an index.
    Listing(Listing),
}

/// An open regular file.
pub(crate) struct Opened {
    pub(crate) file: File,
    pub(crate) size: u64,
    pub(crate) validators: Validators,
}

impl Site {
    /// Opens the root.
    ///
    /// # Errors
    ///
    /// What the system answers for a path that is no directory or cannot be
    /// opened.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        Ok(Self {
            root: Dir::open_ambient_dir(root, ambient_authority())?,
            reading: reading(),
        })
    }

    /// Opens what a target names.
    ///
    /// # Errors
    ///
    /// The answer to the request.
    pub(crate) fn find(&self, target: &Target) -> Result<Found, Status> {
        let path = target.path().ok_or(Status::NOT_FOUND)?;
        let file = match self.root.open_with(path, &self.reading) {
            Ok(file) => file.into_std(),
            Err(error) => return self.list(target).unwrap_or_else(|| Err(refusal(&error))),
        };
        let metadata = file.metadata().map_err(|error| refusal(&error))?;
        if metadata.is_dir() {
            return Ok(Found::Directory);
        }
        if !metadata.is_file() {
            return Err(Status::FORBIDDEN);
        }
        let size = metadata.len();
        let validators = Validators::new(size, metadata.modified().ok());
        Ok(Found::File(Opened {
            file,
            size,
            validators,
        }))
    }

    /// Reads the directory that a target names by its slash. None if it names
    /// none, or has an index that only could not be opened.
    fn list(&self, target: &Target) -> Option<Result<Found, Status>> {
        let path = target.directory()?;
        match self.root.symlink_metadata(target.path()?) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            _ => return None,
        }
        let listing = self.root.read_dir(path).and_then(Listing::read);
        Some(listing.map(Found::Listing).map_err(|error| refusal(&error)))
    }
}

/// How files are opened: a named pipe without a writer must not hold the
/// server.
fn reading() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use cap_std::fs::OpenOptionsExt;
        use rustix::fs::OFlags;

        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        options.custom_flags(flags.bits() as i32);
    }
    options
}

fn refusal(error: &io::Error) -> Status {
    match error.kind() {
        ErrorKind::NotFound
        | ErrorKind::NotADirectory
        | ErrorKind::IsADirectory
        | ErrorKind::InvalidFilename
        | ErrorKind::InvalidInput => Status::NOT_FOUND,
        // Also for a path that leads out of the root.
        ErrorKind::PermissionDenied => Status::FORBIDDEN,
        _ => out_of_the_ordinary(error),
    }
}

#[cfg(unix)]
fn out_of_the_ordinary(error: &io::Error) -> Status {
    use rustix::io::Errno;

    match Errno::from_io_error(error) {
        Some(Errno::LOOP) => Status::NOT_FOUND,
        // A socket, or a device without a driver.
        Some(Errno::NXIO | Errno::NODEV) => Status::FORBIDDEN,
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => Status::UNAVAILABLE,
        _ => Status::INTERNAL_ERROR,
    }
}

#[cfg(not(unix))]
fn out_of_the_ordinary(_: &io::Error) -> Status {
    Status::INTERNAL_ERROR
}
