//! Secrets for a packet analyser.

use std::fmt;

use loopline_core::tls::KeyLogFile;
use rustls::KeyLog;

/// Writes the secrets of every connection to a file.
#[derive(Debug)]
pub(crate) struct KeyLogTo(pub(crate) KeyLogFile);

impl KeyLog for KeyLogTo {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let (random, secret) = (Hex(client_random), Hex(secret));
        self.0.append(format_args!("{label} {random} {secret}"));
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
