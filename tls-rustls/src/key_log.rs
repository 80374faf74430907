//! A key log that a packet analyser can read.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustls::KeyLog;

use crate::error::ConfigError;

/// Writes the secrets of every connection to a file, in the format of NSS'
/// `SSLKEYLOGFILE`.
pub(crate) struct KeyLogTo(Mutex<File>);

impl KeyLogTo {
    /// Opens the file to append to it. A new one is the owner's alone: who can
    /// read it can read the connections.
    pub(crate) fn open(path: &Path) -> Result<Self, ConfigError> {
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
}

impl KeyLog for KeyLogTo {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let (random, secret) = (Hex(client_random), Hex(secret));
        let line = format!("{label} {random} {secret}\n");
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A handshake is no place to fail for want of a log.
        let _ = file.write_all(line.as_bytes());
    }
}

impl fmt::Debug for KeyLogTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyLogTo").finish_non_exhaustive()
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
