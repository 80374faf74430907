//! IMAP's way to TLS (RFC 9051, section 6.2.1; as in RFC 3501).

use loopline::tls::TlsContext;

use crate::conversation::Conversation;
use crate::exit::Failure;

/// How many lines may come before the one that ends a command.
const MAX_LINES: usize = 1000;

/// Asks for TLS, upgrades, and says goodbye; gives the capabilities that the
/// server has over TLS.
pub(crate) async fn upgrade(
    server: &mut Conversation,
    context: &dyn TlsContext,
    name: &str,
) -> Result<Vec<String>, Failure> {
    greeting(server).await?;
    let offered = capabilities(server, "a1").await?;
    if !offered
        .iter()
        .any(|word| word.eq_ignore_ascii_case("STARTTLS"))
    {
        return Err(Failure::job("the server offers no STARTTLS"));
    }
    command(server, "a2", "STARTTLS").await?;
    server.start_tls(context, name).await?;
    // What it has said in the clear is forgotten (section 6.2.1).
    let offered = capabilities(server, "a3").await?;
    command(server, "a4", "LOGOUT").await?;
    Ok(offered)
}

/// The server has to greet a client that it does not know: to one that it knows
/// STARTTLS is forbidden, so whoever sits in between says PREAUTH to keep the
/// client from it (RFC 9051, section 11.1).
async fn greeting(server: &mut Conversation) -> Result<(), Failure> {
    let line = server.line().await?;
    match response(&line, "*") {
        Some((word, _)) if word.eq_ignore_ascii_case("OK") => Ok(()),
        Some((word, _)) if word.eq_ignore_ascii_case("PREAUTH") => Err(Failure::job(
            "the server takes this client for somebody, and allows no TLS then",
        )),
        _ => Err(Failure::job(format_args!(
            "the server was to greet, and said {line:?}"
        ))),
    }
}

/// What the server has, in its own words.
async fn capabilities(server: &mut Conversation, tag: &str) -> Result<Vec<String>, Failure> {
    let lines = command(server, tag, "CAPABILITY").await?;
    let words = lines
        .iter()
        .filter_map(|line| response(line, "*"))
        .find(|(word, _)| word.eq_ignore_ascii_case("CAPABILITY"))
        .map(|(_, rest)| rest.split_ascii_whitespace().map(str::to_owned).collect());
    words.ok_or_else(|| Failure::job("the server does not tell its capabilities"))
}

/// Gives a command, and collects what is said until it is done.
async fn command(
    server: &mut Conversation,
    tag: &str,
    command: &str,
) -> Result<Vec<String>, Failure> {
    server.say(format!("{tag} {command}\r\n"))?;
    let mut lines = Vec::new();
    while lines.len() < MAX_LINES {
        let line = server.line().await?;
        match response(&line, tag) {
            Some((word, _)) if word.eq_ignore_ascii_case("OK") => return Ok(lines),
            Some(_) => {
                return Err(Failure::job(format_args!(
                    "the server was to do {command}, and said {line:?}"
                )));
            }
            None if line.starts_with("* ") => lines.push(line),
            None => {
                return Err(Failure::job(format_args!(
                    "the server was asked for {command}, and said {line:?}"
                )));
            }
        }
    }
    Err(Failure::job("the server does not stop answering"))
}

/// The first word behind a tag, and the rest.
fn response<'a>(line: &'a str, tag: &str) -> Option<(&'a str, &'a str)> {
    let text = line.strip_prefix(tag)?.strip_prefix(' ')?;
    Some(text.split_once(' ').unwrap_or((text, "")))
}
