//! A key log that a packet analyser can read.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::ConfigError;

/// A file for the secrets of connections, in the format of NSS'
/// `SSLKEYLOGFILE`. Who can read it can read the connections.
pub struct KeyLogFile(Mutex<File>);

impl KeyLogFile {
    /// Opens the file to append to it. A new one is the owner's alone.
    ///
    /// # Errors
    ///
    /// [`ConfigError::KeyLog`], which names the file.
    pub fn open(path: &Path) -> Result<Self, ConfigError> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(path) {
            Ok(file) => Ok(Self(Mutex::new(file))),
            Err(error) => Err(ConfigError::KeyLog {
                path: path.to_owned(),
                error,
            }),
        }
    }

    /// Appends a line. A handshake is no place to fail for want of a log, so a
    /// line that cannot be written is lost.
    pub fn append(&self, line: impl fmt::Display) {
        let line = format!("{line}\n");
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = file.write_all(line.as_bytes());
    }
}

impl fmt::Debug for KeyLogFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyLogFile").finish_non_exhaustive()
    }
}
