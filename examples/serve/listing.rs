//! The page that lists a directory.

use std::ffi::OsStr;
use std::fmt;
use std::io;

use cap_std::fs::{DirEntry, ReadDir};
use html_escape::encode_text;

use crate::http::Target;

/// What the page is.
pub(crate) const TYPE: &str = "text/html; charset=utf-8";

/// No more is listed: reading a directory holds the loop, and the page is made
/// in memory.
const MOST: usize = 10_000;

/// The entries of a directory, directories first, by name.
pub(crate) struct Listing {
    entries: Vec<Entry>,
    /// There are more.
    cut: bool,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    kind: Kind,
    /// As the system has it: not all names are text.
    name: Vec<u8>,
    size: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Directory,
    /// Also what only turns out to be a directory when it is asked for.
    Other,
}

impl Listing {
    /// Reads a directory.
    ///
    /// # Errors
    ///
    /// What the system answers. An entry that is gone meanwhile is left out.
    pub(crate) fn read(directory: ReadDir) -> io::Result<Self> {
        let mut entries = Vec::new();
        let mut cut = false;
        for entry in directory {
            let entry = entry?;
            if entries.len() == MOST {
                cut = true;
                break;
            }
            entries.extend(Entry::of(&entry));
        }
        entries.sort_unstable();
        Ok(Self { entries, cut })
    }
}

impl Entry {
    fn of(entry: &DirEntry) -> Option<Self> {
        let metadata = entry.metadata().ok()?;
        let kind = if metadata.is_dir() {
            Kind::Directory
        } else {
            Kind::Other
        };
        Some(Self {
            kind,
            name: bytes(&entry.file_name())?,
            size: metadata.is_file().then(|| metadata.len()),
        })
    }
}

/// Links begin with `./`, so that a name with a colon is no scheme.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = match self.kind {
            Kind::Directory => "/",
            Kind::Other => "",
        };
        let link = Target::encoded(&self.name);
        let name = String::from_utf8_lossy(&self.name);
        write!(
            f,
            "<tr><td><a href=\"./{link}{slash}\">{}{slash}</a><td>",
            encode_text(&name)
        )?;
        if let Some(size) = self.size {
            write!(f, "{size}")?;
        }
        f.write_str("\n")
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <title>Directory</title>\n\
             <style>td + td { padding-left: 2em; text-align: right }</style>\n\
             <table>\n<tr><td><a href=\"../\">../</a><td>\n",
        )?;
        for entry in &self.entries {
            entry.fmt(f)?;
        }
        f.write_str("</table>\n")?;
        if self.cut {
            writeln!(f, "<p>Only {MOST} entries are listed.")?;
        }
        Ok(())
    }
}

#[cfg(unix)]
#[allow(
    clippy::unnecessary_wraps,
    reason = "on other systems not all names can be asked for"
)]
fn bytes(name: &OsStr) -> Option<Vec<u8>> {
    use std::os::unix::ffi::OsStrExt;

    Some(name.as_bytes().to_vec())
}

#[cfg(not(unix))]
fn bytes(name: &OsStr) -> Option<Vec<u8>> {
    name.to_str().map(|name| name.as_bytes().to_vec())
}
