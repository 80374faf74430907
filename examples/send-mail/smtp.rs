//! What a client says to a server of mail (RFC 5321, RFC 3207).

use loopline::prelude::*;

use crate::exit::Failure;

pub(crate) async fn send(
    event_loop: &Loop,
    server: (&str, u16),
    from: &str,
    to: &str,
    mail: &str,
) -> Result<(), Failure> {
    let options = ConnectOptions::default();
    let mut stream = event_loop.open_connection(server, options).await?;
    answer(&mut stream, "220").await?;
    if !say(&mut stream, "EHLO localhost", "250")
        .await?
        .contains("STARTTLS")
    {
        return Err(Failure::job("the server offers no STARTTLS"));
    }
    say(&mut stream, "STARTTLS", "220").await?;
    let context = RustlsContext::client_with_system_roots()?;
    let options = StartTlsOptions::default().server_hostname(server.0);
    stream.start_tls(&context, options).await?;
    say(&mut stream, "EHLO localhost", "250").await?;
    say(&mut stream, &format!("MAIL FROM:<{from}>"), "250").await?;
    say(&mut stream, &format!("RCPT TO:<{to}>"), "250").await?;
    say(&mut stream, "DATA", "354").await?;
    for line in mail.lines() {
        // A line of one dot would end the mail.
        let dot = if line.starts_with('.') { "." } else { "" };
        let line = format!("{dot}{line}\r\n");
        stream.write_all(line.as_bytes()).await?;
    }
    say(&mut stream, ".", "250").await?;
    say(&mut stream, "QUIT", "221").await?;
    Ok(stream.close().await?)
}

async fn say(stream: &mut Stream, line: &str, code: &str) -> Result<String, Failure> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    answer(stream, code).await
}

/// The server's answer, which may have several lines, if it begins with this code.
async fn answer(stream: &mut Stream, code: &str) -> Result<String, Failure> {
    let mut answer = String::new();
    loop {
        let line = String::from_utf8(stream.read_until("\r\n").await?)?;
        answer.push_str(&line);
        match line.as_bytes().get(3) {
            Some(b'-') if answer.len() < 10_000 => {}
            _ if line.starts_with(code) => return Ok(answer),
            _ => return Err(Failure::job(answer.trim_end())),
        }
    }
}
