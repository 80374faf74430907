//! PostgreSQL's way to TLS (PostgreSQL's manual, "SSL Session Encryption" and
//! "Message Formats").

use loopline::tls::TlsContext;

use crate::conversation::Conversation;
use crate::exit::Failure;

/// An SSLRequest: its length, and a number where others have a version.
const SSL_REQUEST: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x2f";
/// A StartupMessage of version 3.0, for a user of a name that servers are set up
/// with; who may log in how is answered before a user is looked for.
const STARTUP: &[u8] = b"\0\0\0\x17\0\x03\0\0user\0postgres\0\0";
const TERMINATE: &[u8] = b"X\0\0\0\x04";

/// How long a message may be, in bytes.
const MAX_MESSAGE: usize = 30_000;

/// Asks for TLS, upgrades, asks to log in, and leaves; gives the ways to log in
/// over TLS, by the names that the server's configuration has for them.
pub(crate) async fn upgrade(
    server: &mut Conversation,
    context: &dyn TlsContext,
    name: &str,
) -> Result<Vec<String>, Failure> {
    server.say(SSL_REQUEST)?;
    // Not a byte more: what is behind it was said in the clear and must not be
    // taken for an answer over TLS (CVE-2021-23222).
    match &*server.bytes(1).await? {
        b"S" => {}
        b"N" => return Err(Failure::job("the server offers no TLS")),
        // Its text is anybody's, so nobody should read it (CVE-2024-10977).
        b"E" => return Err(Failure::job("the server answers with an error")),
        byte => {
            return Err(Failure::job(format_args!(
                "the server was to answer with S or N, and said {byte:?}"
            )));
        }
    }
    server.start_tls(context, name).await?;
    server.say(STARTUP)?;
    let offered = ways_to_log_in(server).await?;
    server.say(TERMINATE)?;
    Ok(offered)
}

/// What the server asks of who wants to log in. It may refuse everybody.
async fn ways_to_log_in(server: &mut Conversation) -> Result<Vec<String>, Failure> {
    let (kind, body) = message(server).await?;
    match kind {
        b'R' => authentication(&body),
        b'E' => refusal(&body),
        kind => Err(unexpected(kind)),
    }
}

/// A message's kind and what it has behind its length.
async fn message(server: &mut Conversation) -> Result<(u8, Vec<u8>), Failure> {
    let head = server.bytes(5).await?;
    let (kind, length) = match *head {
        [kind, a, b, c, d] => (kind, u32::from_be_bytes([a, b, c, d]) as usize),
        _ => (0, 0),
    };
    if !(4..=MAX_MESSAGE).contains(&length) {
        return Err(unexpected(kind));
    }
    let body = server.bytes(length - 4).await?;
    Ok((kind, body))
}

fn authentication(body: &[u8]) -> Result<Vec<String>, Failure> {
    let (code, rest) = body.split_first_chunk().ok_or_else(|| unexpected(b'R'))?;
    let way = match u32::from_be_bytes(*code) {
        0 => "trust",
        2 => "krb5",
        3 => "password",
        5 => "md5",
        7 => "gss",
        9 => "sspi",
        10 => return Ok(strings(rest)),
        code => return Ok(vec![code.to_string()]),
    };
    Ok(vec![way.to_owned()])
}

/// Nobody may log in (class 28); or the server cannot work, which is no answer.
fn refusal(body: &[u8]) -> Result<Vec<String>, Failure> {
    let fields = strings(body);
    let field = |kind| fields.iter().find_map(|field| field.strip_prefix(kind));
    match field('C') {
        Some(code) if code.starts_with("28") => Ok(Vec::new()),
        _ => Err(Failure::job(format_args!(
            "the server refuses: {:?}",
            field('M').unwrap_or_default()
        ))),
    }
}

/// Strings that each end with a zero, up to an empty one.
fn strings(bytes: &[u8]) -> Vec<String> {
    bytes
        .split(|byte| *byte == 0)
        .take_while(|text| !text.is_empty())
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .collect()
}

fn unexpected(kind: u8) -> Failure {
    Failure::job(format_args!(
        "the server said what PostgreSQL does not say here: a message of kind {:?}",
        char::from(kind)
    ))
}
