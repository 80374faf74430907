//! Where a request ends, and whether another may follow it.

use httparse::Header;

use super::Status;

/// The longest body that is skipped for the sake of the connection, in bytes.
const MAX_SKIPPED: u64 = 64 * 1024;

/// The values of all fields of one name.
fn values<'a>(fields: &'a [Header<'a>], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    fields
        .iter()
        .filter(move |field| field.name.eq_ignore_ascii_case(name))
        .map(|field| field.value)
}

/// Whether a list of tokens has one.
fn has_token(list: &[u8], token: &str) -> bool {
    list.split(|&byte| byte == b',')
        .any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// How many bytes of a body follow the head.
///
/// # Errors
///
/// Framing that could be read in two ways, which is how requests are smuggled
/// past a proxy; a chunked body; a body that is too long to skip.
pub(super) fn body_length(fields: &[Header<'_>], old: bool) -> Result<u64, Status> {
    let mut lengths = values(fields, "content-length");
    let length = lengths.next();
    if lengths.next().is_some() {
        return Err(Status::BAD_REQUEST);
    }
    if values(fields, "transfer-encoding").next().is_some() {
        let ambiguous = old || length.is_some();
        return Err(if ambiguous {
            Status::BAD_REQUEST
        } else {
            Status::LENGTH_REQUIRED
        });
    }
    let Some(length) = length else {
        return Ok(0);
    };
    // `parse` would take a sign, too.
    if length.is_empty() || !length.iter().all(u8::is_ascii_digit) {
        return Err(Status::BAD_REQUEST);
    }
    std::str::from_utf8(length)
        .ok()
        .and_then(|digits| digits.parse().ok())
        .filter(|&length| length <= MAX_SKIPPED)
        .ok_or(Status::CONTENT_TOO_LARGE)
}

/// Whether the client waits for leave to send its body.
///
/// # Errors
///
/// An expectation that nobody knows.
pub(super) fn expects_continue(fields: &[Header<'_>]) -> Result<bool, Status> {
    let mut expected = false;
    for value in values(fields, "expect") {
        if !value.trim_ascii().eq_ignore_ascii_case(b"100-continue") {
            return Err(Status::EXPECTATION_FAILED);
        }
        expected = true;
    }
    Ok(expected)
}

/// HTTP/1.1 wants one `Host`; nobody wants two (RFC 9112, 3.2).
pub(super) fn require_host(fields: &[Header<'_>], old: bool) -> Result<(), Status> {
    let count = values(fields, "host").count();
    if count > 1 || (count == 0 && !old) {
        return Err(Status::BAD_REQUEST);
    }
    Ok(())
}

/// Whether the connection stays open after the answer: unless it is refused in
/// HTTP/1.1, only if it is asked for in HTTP/1.0 (RFC 9112, 9.3).
pub(super) fn keep_alive(fields: &[Header<'_>], old: bool) -> bool {
    let asked = |token| values(fields, "connection").any(|list| has_token(list, token));
    !asked("close") && (!old || asked("keep-alive"))
}
