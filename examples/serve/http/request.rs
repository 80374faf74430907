//! One request head, from bytes to what the server needs of it.

use httparse::Header;

use super::framing::{body_length, expects_continue, keep_alive, require_host};
use super::{Conditions, RangeSpec, Status, Target};

/// The longest request line that is read, in bytes.
const MAX_REQUEST_LINE: usize = 8 * 1024;
/// The longest request head that is read, in bytes.
pub(crate) const MAX_HEAD: usize = 16 * 1024;
/// The most header fields that are read.
const MAX_FIELDS: usize = 64;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Head,
    /// A method that HTTP has and a file server has not.
    NotAllowed,
    /// A method that nobody knows.
    Unknown,
}

impl Method {
    fn named(name: &str) -> Self {
        match name {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "CONNECT" | "DELETE" | "OPTIONS" | "PATCH" | "POST" | "PUT" | "TRACE" => {
                Self::NotAllowed
            }
            _ => Self::Unknown,
        }
    }

    /// Why the method is refused, if it is.
    pub(crate) fn refusal(self) -> Option<Status> {
        match self {
            Self::Get | Self::Head => None,
            Self::NotAllowed => Some(Status::METHOD_NOT_ALLOWED),
            Self::Unknown => Some(Status::NOT_IMPLEMENTED),
        }
    }
}

/// A request that can be answered, if only with an error that leaves the
/// connection as it is.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// An error here is the answer.
    pub(crate) target: Result<Target, Status>,
    /// Whether the client speaks HTTP/1.0, and so wants to be told that the
    /// connection stays open.
    pub(crate) old: bool,
    pub(crate) keep_alive: bool,
    /// So many bytes of a body follow the head, and mean nothing.
    pub(crate) body: u64,
    pub(crate) range: Option<RangeSpec>,
    /// Boxed, as most requests have none.
    pub(crate) conditions: Option<Box<Conditions>>,
}

/// Parses the request at the beginning of `input` and tells how long its head
/// is; none while the head is incomplete.
///
/// # Errors
///
/// The answer to a request after which the connection cannot be used on: it is
/// malformed, too long, or followed by a body whose end is unknown.
pub(crate) fn parse(input: &[u8]) -> Result<Option<(Request, usize)>, Status> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let length = match head.parse(input) {
        Ok(httparse::Status::Complete(length)) if length <= MAX_HEAD => length,
        Ok(_) => return too_long(input).map_or(Ok(None), Err),
        Err(error) => return Err(refusal(error)),
    };
    let (Some(method), Some(target), Some(minor)) = (head.method, head.path, head.version) else {
        return Err(Status::BAD_REQUEST);
    };
    if target.len() > MAX_REQUEST_LINE {
        return Err(Status::URI_TOO_LONG);
    }
    let request = digest(Method::named(method), target, minor, head.headers)?;
    Ok(Some((request, length)))
}

fn refusal(error: httparse::Error) -> Status {
    match error {
        httparse::Error::TooManyHeaders => Status::HEADERS_TOO_LARGE,
        httparse::Error::Version => Status::VERSION_UNSUPPORTED,
        _ => Status::BAD_REQUEST,
    }
}

/// What is too long in a head that is not complete, or longer than allowed.
fn too_long(input: &[u8]) -> Option<Status> {
    // Empty lines before a request are skipped (RFC 9112, 2.2).
    let begin = input
        .iter()
        .position(|byte| !matches!(byte, b'\r' | b'\n'))
        .unwrap_or(0);
    let line = input[begin..].iter().position(|&byte| byte == b'\n');
    if line.unwrap_or(input.len() - begin) > MAX_REQUEST_LINE {
        return Some(Status::URI_TOO_LONG);
    }
    (input.len() > MAX_HEAD).then_some(Status::HEADERS_TOO_LARGE)
}

fn digest(
    method: Method,
    target: &str,
    minor: u8,
    fields: &[Header<'_>],
) -> Result<Request, Status> {
    let old = minor == 0;
    require_host(fields, old)?;
    // A refused method is the better answer than a refused body.
    let body = body_length(fields, old).map_err(|status| match status {
        Status::BAD_REQUEST => status,
        other => method.refusal().unwrap_or(other),
    })?;
    // A client that waits for leave to send its body gets the answer instead,
    // and then nobody knows whether the body follows.
    let withheld = !old && expects_continue(fields)? && body > 0;
    Ok(Request {
        method,
        target: Target::parse(target),
        old,
        keep_alive: keep_alive(fields, old) && !withheld,
        body,
        range: range(method, fields),
        conditions: Conditions::of(fields).map(Box::new),
    })
}

/// Only GET has ranges (RFC 9110, 14.2), and only one field of them is clear.
fn range(method: Method, fields: &[Header<'_>]) -> Option<RangeSpec> {
    let mut ranges = fields
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case("range"));
    let only = ranges.next()?;
    if method != Method::Get || ranges.next().is_some() {
        return None;
    }
    RangeSpec::parse(only.value)
}
