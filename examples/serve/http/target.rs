//! The path that a request asks for.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::Display;
use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use super::Status;

/// What is served for a directory.
const INDEX: &[u8] = b"index.html";

/// What a path may show without encoding: the unreserved characters of RFC
/// 3986 and the slash.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// A path below the root: no empty, `.` or `..` component, decoded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    path: Vec<u8>,
    /// How much of the path names the directory, if it was asked for by its
    /// slash.
    directory: Option<usize>,
}

impl Target {
    /// The path of a request target, `index.html` included where it names a
    /// directory by its slash.
    ///
    /// # Errors
    ///
    /// 400 for what is no path, has a NUL byte, or climbs by `..`, however
    /// that is written.
    pub(crate) fn parse(target: &str) -> Result<Self, Status> {
        let path = path_of(target).ok_or(Status::BAD_REQUEST)?;
        let decoded: Cow<'_, [u8]> = percent_decode_str(path).into();
        if decoded.contains(&0) {
            return Err(Status::BAD_REQUEST);
        }
        let mut clean = Vec::with_capacity(decoded.len() + INDEX.len());
        let mut directory = true;
        for component in decoded.split(|&byte| byte == b'/') {
            directory = matches!(component, b"" | b".");
            match component {
                b"" | b"." => {}
                b".." => return Err(Status::BAD_REQUEST),
                name => append(&mut clean, name),
            }
        }
        let directory = directory.then_some(clean.len());
        if directory.is_some() {
            append(&mut clean, INDEX);
        }
        Ok(Self {
            path: clean,
            directory,
        })
    }

    /// The path relative to the root; none if this system has no such path.
    pub(crate) fn path(&self) -> Option<&Path> {
        os_str(&self.path).map(Path::new)
    }

    /// The directory alone, if the target names one by its slash; `.` is the
    /// root.
    pub(crate) fn directory(&self) -> Option<&Path> {
        match &self.path[..self.directory?] {
            b"" => Some(Path::new(".")),
            path => os_str(path).map(Path::new),
        }
    }

    /// Where a directory that was asked for without its slash is to be asked
    /// for. It begins with exactly one slash: two would name another host.
    pub(crate) fn with_slash(&self) -> String {
        format!("/{}/", Self::encoded(&self.path))
    }

    /// A path, or a name in it, as links show it.
    pub(crate) fn encoded(path: &[u8]) -> impl Display + '_ {
        percent_encode(path, ENCODED)
    }
}

fn append(path: &mut Vec<u8>, component: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(component);
}

/// The path of an origin-form or absolute-form target, without its query.
fn path_of(target: &str) -> Option<&str> {
    let path = if target.starts_with('/') {
        target
    } else {
        let (scheme, rest) = target.split_once("://")?;
        if !["http", "https"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
        {
            return None;
        }
        rest.find(['/', '?', '#']).map_or("/", |at| &rest[at..])
    };
    path.split(['?', '#']).next()
}

#[cfg(unix)]
#[allow(
    clippy::unnecessary_wraps,
    reason = "on other systems not all bytes are a name"
)]
fn os_str(bytes: &[u8]) -> Option<&OsStr> {
    use std::os::unix::ffi::OsStrExt;

    Some(OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn os_str(bytes: &[u8]) -> Option<&OsStr> {
    std::str::from_utf8(bytes).ok().map(OsStr::new)
}
