//! Addresses in MAIL and RCPT (RFC 5321, section 4.1.2).

use super::Reply;

/// The lengths that section 4.5.3.1 names, in octets.
const MAX_PATH: usize = 256;
const MAX_LOCAL: usize = 64;
const MAX_DOMAIN: usize = 255;

/// A path without its angle brackets and its source route, which RFC 5321 has
/// a server ignore (appendix C). The null path is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path(String);

impl Path {
    /// Reads a path at the beginning of `text`; gives the rest behind it.
    ///
    /// # Errors
    ///
    /// The reply to an address that is none.
    pub(crate) fn parse(text: &str) -> Result<(Self, &str), Reply> {
        let inner = text
            .strip_prefix('<')
            .ok_or_else(|| refusal("an address stands in angle brackets"))?;
        let end = end_of(inner).ok_or_else(|| refusal("the address has no end"))?;
        let (inner, rest) = (&inner[..end], &inner[end + 1..]);
        if inner.len() + 2 > MAX_PATH {
            return Err(refusal("the address is too long"));
        }
        let mailbox = match inner.strip_prefix('@') {
            Some(route) => route
                .split_once(':')
                .map(|(_, mailbox)| mailbox)
                .filter(|mailbox| !mailbox.is_empty())
                .ok_or_else(|| refusal("the source route leads nowhere"))?,
            None => inner,
        };
        check(mailbox)?;
        Ok((Self(mailbox.to_owned()), rest))
    }

    /// Whether this is the null path, which bounces come from.
    pub(crate) fn is_null(&self) -> bool {
        self.0.is_empty()
    }

    /// The mailbox.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn refusal(text: &'static str) -> Reply {
    Reply::new(501, text)
}

/// Where the closing bracket is; one inside quotes is part of the name.
fn end_of(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

fn check(mailbox: &str) -> Result<(), Reply> {
    if !mailbox.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(refusal("the address has a character that is not allowed"));
    }
    if mailbox.is_empty() {
        return Ok(());
    }
    // An `@` in quotes belongs to the local part; the domain has none.
    let (local, domain) = match mailbox.rsplit_once('@') {
        Some((local, domain)) if !domain.contains('"') => (local, Some(domain)),
        _ => (mailbox, None),
    };
    if !is_local(local) || local.len() > MAX_LOCAL {
        return Err(refusal("the local part of the address is none"));
    }
    if domain.is_some_and(|domain| !is_domain(domain) || domain.len() > MAX_DOMAIN) {
        return Err(refusal("the domain of the address is none"));
    }
    Ok(())
}

fn is_local(local: &str) -> bool {
    if let Some(inner) = local.strip_prefix('"') {
        return inner.ends_with('"');
    }
    let atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atext);
    local.split('.').all(atom)
}

/// RFC 5322, section 3.2.3.
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// A name, or an address in square brackets. An underscore is no letter of a
/// name, and yet there are such hosts.
fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[') {
        let inner = literal.strip_suffix(']').unwrap_or_default();
        return !inner.is_empty()
            && inner
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".:-".contains(&byte));
    }
    domain.split('.').all(|label| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    })
}
