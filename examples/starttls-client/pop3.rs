//! POP3's way to TLS (RFC 2595, section 4).

use loopline::tls::TlsContext;

use crate::conversation::Conversation;
use crate::exit::Failure;

/// How many lines an answer may have.
const MAX_LINES: usize = 1000;

/// Asks for TLS, upgrades, and says goodbye; gives the capabilities that the
/// server has over TLS.
pub(crate) async fn upgrade(
    server: &mut Conversation,
    context: &dyn TlsContext,
    name: &str,
) -> Result<Vec<String>, Failure> {
    expect_ok(server).await?;
    let offered = capabilities(server).await?;
    if !offered.iter().any(|word| word.eq_ignore_ascii_case("STLS")) {
        return Err(Failure::job("the server offers no STLS"));
    }
    command(server, "STLS").await?;
    server.start_tls(context, name).await?;
    // What it has said in the clear is forgotten (RFC 2595, section 4).
    let offered = capabilities(server).await?;
    command(server, "QUIT").await?;
    Ok(offered)
}

/// What the server has, in its own words (RFC 2449, section 5).
async fn capabilities(server: &mut Conversation) -> Result<Vec<String>, Failure> {
    command(server, "CAPA").await?;
    let mut lines = Vec::new();
    while lines.len() < MAX_LINES {
        let line = server.line().await?;
        // A line that begins with a dot has another one before it (RFC 1939,
        // section 3).
        match line.strip_prefix('.') {
            Some("") => return Ok(lines),
            Some(rest) => lines.push(rest.to_owned()),
            None => lines.push(line),
        }
    }
    Err(Failure::job("the server does not stop answering"))
}

async fn command(server: &mut Conversation, command: &str) -> Result<(), Failure> {
    server.say(format!("{command}\r\n"))?;
    expect_ok(server).await
}

async fn expect_ok(server: &mut Conversation) -> Result<(), Failure> {
    let line = server.line().await?;
    match line.strip_prefix("+OK") {
        Some(rest) if rest.is_empty() || rest.starts_with(' ') => Ok(()),
        _ => Err(Failure::job(format_args!(
            "the server was to answer with +OK, and said {line:?}"
        ))),
    }
}
