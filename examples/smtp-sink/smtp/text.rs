//! The text of a mail as it comes behind DATA (RFC 5321, section 4.5.2).

/// Where in a line the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// At its beginning.
    Start,
    /// Behind a dot that was its first byte.
    Dot,
    /// Behind such a dot and a CR.
    DotCr,
    /// Anywhere else.
    Middle,
    /// Behind a CR.
    Cr,
}

/// Takes the text of a mail, in pieces however cut, and undoes the doubling of
/// dots.
///
/// A line ends with CR LF and with nothing else: a lone CR or LF is a byte like
/// any other, so that nobody can end a mail for this server that has not ended
/// for another one. Lines may be of any length, as they cost nothing here.
#[derive(Debug)]
pub(crate) struct Text {
    at: At,
    limit: u64,
    /// How many bytes there were, kept or not.
    size: u64,
    kept: Vec<u8>,
}

impl Text {
    /// A text of which no more than `limit` bytes are kept.
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            at: At::Start,
            limit,
            size: 0,
            kept: Vec::new(),
        }
    }

    /// Takes what has come. Answers how many bytes of it belong to the text, its
    /// end included, once the end has come.
    pub(crate) fn receive(&mut self, input: &[u8]) -> Option<usize> {
        let mut next = 0;
        while let Some(&byte) = input.get(next) {
            if self.at == At::Middle {
                // Up to the next CR everything is as it looks.
                let rest = &input[next..];
                let end = rest.iter().position(|&byte| byte == b'\r');
                self.keep(&rest[..end.unwrap_or(rest.len())]);
                next += end.unwrap_or(rest.len());
                if end.is_some() {
                    self.keep(b"\r");
                    self.at = At::Cr;
                    next += 1;
                }
                continue;
            }
            next += 1;
            if self.step(byte) {
                return Some(next);
            }
        }
        None
    }

    /// Takes a byte that may end a line or begin one. Whether it ends the text.
    fn step(&mut self, byte: u8) -> bool {
        self.at = match (self.at, byte) {
            (At::Start, b'.') => At::Dot,
            (At::Dot, b'\r') => At::DotCr,
            (At::DotCr, b'\n') => return true,
            (At::DotCr, _) => {
                // The line went on: of the dot, the CR and this byte, the dot
                // alone was not meant.
                self.keep(b"\r");
                self.at = At::Cr;
                return self.step(byte);
            }
            (At::Cr, b'\n') => {
                self.keep(b"\n");
                At::Start
            }
            (_, byte) => {
                self.keep(&[byte]);
                if byte == b'\r' { At::Cr } else { At::Middle }
            }
        };
        false
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        if self.is_too_large() {
            self.kept = Vec::new();
        } else {
            self.kept.extend_from_slice(bytes);
        }
    }

    /// Whether there was more than the limit. Nothing is kept then.
    pub(crate) fn is_too_large(&self) -> bool {
        self.size > self.limit
    }

    /// How many bytes are kept just now.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    /// What was kept since the last call.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.kept)
    }
}
