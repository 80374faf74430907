//! Requests that depend on the state of the file (RFC 9110, section 13).

use std::time::SystemTime;

use httparse::Header;
use httpdate::{HttpDate, parse_http_date};

use super::Validators;

/// The conditions of a request.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    if_match: Option<Vec<u8>>,
    if_none_match: Option<Vec<u8>>,
    if_modified_since: Option<HttpDate>,
    if_unmodified_since: Option<HttpDate>,
    if_range: Option<Vec<u8>>,
}

/// What comes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Send the file. The range, if one was asked for, counts.
    Send,
    /// Send the whole file: the client's part is of another state of it.
    SendWhole,
    NotModified,
    Failed,
}

impl Conditions {
    /// The conditions among the header fields, if there are any.
    pub(crate) fn of(fields: &[Header<'_>]) -> Option<Self> {
        let mut found = None;
        for field in fields {
            // Every one of their names begins so.
            let begins = field.name.get(..3);
            if begins.is_some_and(|begins| begins.eq_ignore_ascii_case("if-")) {
                found
                    .get_or_insert_with(Self::default)
                    .take(field.name, field.value);
            }
        }
        found
    }

    fn take(&mut self, name: &str, value: &[u8]) {
        if name.eq_ignore_ascii_case("if-match") {
            add(&mut self.if_match, value);
        } else if name.eq_ignore_ascii_case("if-none-match") {
            add(&mut self.if_none_match, value);
        } else if name.eq_ignore_ascii_case("if-modified-since") {
            self.if_modified_since = date(value);
        } else if name.eq_ignore_ascii_case("if-unmodified-since") {
            self.if_unmodified_since = date(value);
        } else if name.eq_ignore_ascii_case("if-range") {
            self.if_range = Some(value.to_vec());
        }
    }

    /// Judges a file, in the order that RFC 9110 fixes in 13.2.2.
    pub(crate) fn judge(&self, file: &Validators, now: SystemTime) -> Verdict {
        let etag = file.etag().to_string();
        let modified = file.last_modified(now);
        let passes = match (&self.if_match, self.if_unmodified_since) {
            (Some(tags), _) => lists(tags, &etag, Comparison::Strong),
            (None, Some(since)) => modified.is_none_or(|modified| modified <= since),
            (None, None) => true,
        };
        if !passes {
            return Verdict::Failed;
        }
        let unchanged = match (&self.if_none_match, self.if_modified_since) {
            (Some(tags), _) => lists(tags, &etag, Comparison::Weak),
            (None, Some(since)) => modified.is_some_and(|modified| modified <= since),
            (None, None) => false,
        };
        if unchanged {
            return Verdict::NotModified;
        }
        match &self.if_range {
            Some(validator) if !names(validator, &etag, modified) => Verdict::SendWhole,
            _ => Verdict::Send,
        }
    }
}

/// Several fields of one name are one list.
fn add(list: &mut Option<Vec<u8>>, value: &[u8]) {
    let list = list.get_or_insert_default();
    if !list.is_empty() {
        list.extend_from_slice(b", ");
    }
    list.extend_from_slice(value);
}

/// A date; one that cannot be read is to be ignored.
fn date(value: &[u8]) -> Option<HttpDate> {
    let text = std::str::from_utf8(value).ok()?;
    parse_http_date(text.trim()).ok().map(HttpDate::from)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Strong,
    Weak,
}

/// Whether a list of tags has one. Ours have no comma, so splitting at commas
/// inside foreign ones does no harm.
fn lists(tags: &[u8], etag: &str, comparison: Comparison) -> bool {
    tags.split(|&byte| byte == b',')
        .map(<[u8]>::trim_ascii)
        .any(|tag| {
            let opaque = match comparison {
                Comparison::Strong => tag,
                Comparison::Weak => tag.strip_prefix(b"W/").unwrap_or(tag),
            };
            tag == b"*" || opaque == etag.as_bytes()
        })
}

/// Whether an `If-Range` names this very state of the file.
fn names(validator: &[u8], etag: &str, modified: Option<HttpDate>) -> bool {
    let validator = validator.trim_ascii();
    if validator.starts_with(b"\"") {
        return validator == etag.as_bytes();
    }
    date(validator).is_some_and(|date| modified == Some(date))
}
