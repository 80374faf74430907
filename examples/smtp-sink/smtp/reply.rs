//! Replies (RFC 5321, section 4.2).

use std::borrow::Cow;
use std::fmt::{self, Display};

/// A reply of one line, or of several for EHLO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    code: u16,
    lines: Vec<Cow<'static, str>>,
}

impl Reply {
    /// A reply of one line.
    pub(crate) fn new(code: u16, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            lines: vec![text.into()],
        }
    }

    /// Adds a line.
    pub(crate) fn line(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.lines.push(text.into());
        self
    }

    /// Whether it says that something went wrong.
    pub(crate) fn is_refusal(&self) -> bool {
        self.code >= 400
    }
}

impl Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.lines.len() - 1;
        for (number, line) in self.lines.iter().enumerate() {
            let mark = if number == last { ' ' } else { '-' };
            write!(f, "{}{mark}{line}\r\n", self.code)?;
        }
        Ok(())
    }
}
