//! Commands (RFC 5321, section 4.1; RFC 3207).

use super::{Path, Reply};

/// How long a command may be, in octets, without its end of line: four times
/// what RFC 5321 (section 4.5.3.1.4) makes every server take, as the parameters
/// of extensions add to it.
pub(crate) const MAX_LINE: usize = 2048;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// HELO, or EHLO if `extended`.
    Hello {
        name: String,
        extended: bool,
    },
    StartTls,
    Mail(Mail),
    Recipient(Path),
    Data,
    Reset,
    Noop,
    Quit,
    Help,
    Verify,
}

/// MAIL and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) sender: Path,
    /// The size that the client announces (RFC 1870).
    pub(crate) size: Option<u64>,
    /// Whether there was any parameter: HELO allows none.
    pub(crate) extended: bool,
}

/// Reads a command, which is a line without its end.
///
/// # Errors
///
/// The reply to something that is no command of this server.
pub(crate) fn parse(line: &[u8]) -> Result<Command, Reply> {
    let text = std::str::from_utf8(line)
        .ok()
        .filter(|text| !text.contains(|c: char| c.is_control() && c != '\t'))
        .ok_or_else(|| Reply::new(500, "a command is printable text"))?;
    // Some clients send white space behind a command, where there must be none.
    let text = text.trim_end_matches([' ', '\t']);
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    match verb.to_ascii_uppercase().as_str() {
        "HELO" => hello(rest, false),
        "EHLO" => hello(rest, true),
        "STARTTLS" => alone(rest, Command::StartTls),
        "MAIL" => mail(rest),
        "RCPT" => recipient(rest),
        "DATA" => alone(rest, Command::Data),
        "RSET" => alone(rest, Command::Reset),
        "QUIT" => alone(rest, Command::Quit),
        "NOOP" => Ok(Command::Noop),
        "HELP" => Ok(Command::Help),
        "VRFY" if rest.is_empty() => Err(Reply::new(501, "VRFY takes a name")),
        "VRFY" => Ok(Command::Verify),
        "EXPN" | "TURN" | "ETRN" | "AUTH" | "BDAT" | "SEND" | "SOML" | "SAML" => {
            Err(Reply::new(502, "not implemented"))
        }
        _ => Err(Reply::new(500, "no such command")),
    }
}

fn alone(rest: &str, command: Command) -> Result<Command, Reply> {
    if rest.is_empty() {
        return Ok(command);
    }
    Err(Reply::new(501, "no parameter is allowed"))
}

fn hello(rest: &str, extended: bool) -> Result<Command, Reply> {
    let name = rest.trim();
    // Whether that is a name is not judged (RFC 5321, section 4.1.4).
    if name.is_empty() || name.contains(' ') {
        return Err(Reply::new(
            501,
            "a host name or address literal has to follow",
        ));
    }
    Ok(Command::Hello {
        name: name.to_owned(),
        extended,
    })
}

/// The path behind a keyword, and the parameters behind it.
fn path<'a>(
    rest: &'a str,
    keyword: &'static str,
    usage: &'static str,
) -> Result<(Path, &'a str), Reply> {
    let matches = rest
        .get(..keyword.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(keyword));
    if !matches {
        return Err(Reply::new(501, usage));
    }
    // A space in front of the bracket is wrong, and too common to refuse.
    let (path, rest) = Path::parse(rest[keyword.len()..].trim_start())?;
    if !rest.is_empty() && !rest.starts_with(' ') {
        return Err(Reply::new(501, "a space has to follow the address"));
    }
    Ok((path, rest))
}

fn mail(rest: &str) -> Result<Command, Reply> {
    let (sender, parameters) = path(rest, "FROM:", "MAIL FROM:<address> it is")?;
    let mut mail = Mail {
        sender,
        size: None,
        extended: false,
    };
    for parameter in parameters.split_ascii_whitespace() {
        mail.extended = true;
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name.to_ascii_uppercase().as_str() {
            "SIZE" => mail.size = Some(size(value)?),
            "BODY" if matches!(value.to_ascii_uppercase().as_str(), "7BIT" | "8BITMIME") => {}
            "BODY" => return Err(Reply::new(501, "BODY is 7BIT or 8BITMIME")),
            _ => return Err(Reply::new(555, "no such parameter of MAIL")),
        }
    }
    Ok(Command::Mail(mail))
}

/// Up to 20 digits (RFC 1870, section 4); what is beyond all numbers is beyond
/// every limit too.
fn size(value: &str) -> Result<u64, Reply> {
    let digits = (1..=20).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
    if !digits {
        return Err(Reply::new(501, "SIZE is a number of octets"));
    }
    Ok(value.parse().unwrap_or(u64::MAX))
}

fn recipient(rest: &str) -> Result<Command, Reply> {
    let (recipient, parameters) = path(rest, "TO:", "RCPT TO:<address> it is")?;
    if recipient.is_null() {
        return Err(Reply::new(501, "a recipient has a name"));
    }
    if !parameters.trim().is_empty() {
        return Err(Reply::new(555, "no such parameter of RCPT"));
    }
    Ok(Command::Recipient(recipient))
}
