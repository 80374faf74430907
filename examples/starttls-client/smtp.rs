//! SMTP's way to TLS (RFC 3207).

use loopline::tls::TlsContext;

use crate::conversation::Conversation;
use crate::exit::Failure;

/// How many lines a reply may have.
const MAX_LINES: usize = 1000;

/// Asks for TLS, upgrades, and says goodbye; gives what the server offers over
/// TLS.
pub(crate) async fn upgrade(
    server: &mut Conversation,
    context: &dyn TlsContext,
    name: &str,
) -> Result<Vec<String>, Failure> {
    expect(server, 220).await?;
    let offered = hello(server).await?;
    if !offered
        .iter()
        .any(|word| word.eq_ignore_ascii_case("STARTTLS"))
    {
        return Err(Failure::job("the server offers no STARTTLS"));
    }
    server.say("STARTTLS\r\n")?;
    expect(server, 220).await?;
    server.start_tls(context, name).await?;
    // What it has offered in the clear does not count (section 4.2).
    let offered = hello(server).await?;
    server.say("QUIT\r\n")?;
    expect(server, 221).await?;
    Ok(offered)
}

/// Introduces this client, by a name that is nobody's (RFC 2606).
async fn hello(server: &mut Conversation) -> Result<Vec<String>, Failure> {
    server.say("EHLO client.invalid\r\n")?;
    let mut lines = expect(server, 250).await?;
    // The first one greets.
    lines.remove(0);
    Ok(lines)
}

/// The lines of a reply, of which there is at least one.
async fn expect(server: &mut Conversation, code: u16) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    while lines.len() < MAX_LINES {
        let line = server.line().await?;
        let said = line.get(..3).and_then(|digits| digits.parse::<u16>().ok());
        if said != Some(code) {
            return Err(Failure::job(format_args!(
                "the server was to answer with {code}, and said {line:?}"
            )));
        }
        let more = line[3..].starts_with('-');
        lines.push(line.get(4..).unwrap_or_default().to_owned());
        if !more {
            return Ok(lines);
        }
    }
    Err(Failure::job("the server does not stop answering"))
}
