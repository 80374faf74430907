//! What the process of a case tells, line by line, so that all is there however
//! the process ends.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::verdict::Verdict;

#[derive(Serialize, Deserialize)]
enum Entry {
    /// The case begins with this.
    Doing(String),
    /// This came of it.
    Ended(Verdict),
}

/// A diary that is being written.
pub(super) struct Diary(File);

impl Diary {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        File::create(path).map(Self)
    }

    pub(super) fn doing(&self, what: &str) -> io::Result<()> {
        self.write(&Entry::Doing(what.to_owned()))
    }

    pub(super) fn ended(&self, verdict: Verdict) -> io::Result<()> {
        self.write(&Entry::Ended(verdict))
    }

    /// By one call, so that nothing is lost with a buffer.
    fn write(&self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        (&self.0).write_all(&line)
    }
}

/// What a diary told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// The last step that began.
    pub(super) step: Option<String>,
    pub(super) verdict: Option<Verdict>,
}

impl Told {
    /// Reads a diary. A line that was cut by the end of its process is left out.
    ///
    /// # Errors
    ///
    /// That there is no such file.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let mut told = Self::default();
        for line in fs::read_to_string(path)?.lines() {
            match serde_json::from_str(line) {
                Ok(Entry::Doing(what)) => told.step = Some(what),
                Ok(Entry::Ended(verdict)) => told.verdict = Some(verdict),
                Err(_) => {}
            }
        }
        Ok(told)
    }
}
