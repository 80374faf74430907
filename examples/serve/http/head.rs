//! The head of a response.

use std::fmt::{Arguments, Display};
use std::io::Write;
use std::time::SystemTime;

use super::Status;
use super::validators::http_date;

/// What an answer depends on beside what was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// Whether the connection stays open.
    pub(crate) keep_alive: bool,
    /// The client speaks HTTP/1.0.
    pub(crate) old: bool,
    /// The answer has no body, as to a HEAD.
    pub(crate) bare: bool,
}

/// Writes the head of one response behind what a buffer holds already.
pub(crate) struct Head<'a> {
    out: &'a mut Vec<u8>,
    manner: Manner,
}

impl<'a> Head<'a> {
    /// Begins with the status, what the client has to know of the connection,
    /// and the date, which every response has as long as the clock is sane.
    pub(crate) fn begin(
        out: &'a mut Vec<u8>,
        status: Status,
        manner: Manner,
        now: SystemTime,
    ) -> Self {
        let mut head = Self { out, manner };
        head.append(format_args!("HTTP/1.1 {status}\r\n"));
        if let Some(date) = http_date(now) {
            head.field("Date", date);
        }
        // Only what the client would not assume by itself.
        match (manner.keep_alive, manner.old) {
            (true, true) => head.field("Connection", "keep-alive"),
            (false, false) => head.field("Connection", "close"),
            _ => &mut head,
        };
        head
    }

    /// A header field. The value is the server's own or encoded: it has no
    /// line break.
    pub(crate) fn field(&mut self, name: &str, value: impl Display) -> &mut Self {
        self.append(format_args!("{name}: {value}\r\n"));
        self
    }

    /// Ends the head. What follows is not this one's concern.
    pub(crate) fn end(&mut self) {
        self.out.extend_from_slice(b"\r\n");
    }

    /// Ends the head and appends a body for a person to read.
    pub(crate) fn end_with(&mut self, words: &str) {
        self.end_with_page("text/plain; charset=utf-8", words);
    }

    /// Ends the head and appends a body of a type.
    pub(crate) fn end_with_page(&mut self, content_type: &str, page: &str) {
        self.field("Content-Type", content_type)
            .field("Content-Length", page.len())
            .end();
        if !self.manner.bare {
            self.out.extend_from_slice(page.as_bytes());
        }
    }

    fn append(&mut self, text: Arguments<'_>) {
        // Writing to memory does not fail.
        let _ = self.out.write_fmt(text);
    }
}
