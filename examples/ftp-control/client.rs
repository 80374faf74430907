//! The client's side.

use std::io;
use std::time::Duration;

use loopline::prelude::*;
use loopline::tls::{Pem, TlsConfig};

use crate::Connect;
use crate::exit::{self, Failure};

/// A conversation with a server.
struct Conversation {
    event_loop: LoopHandle,
    stream: Stream,
    limit: Duration,
}

pub(crate) async fn run(event_loop: LoopHandle, arguments: Connect) -> Result<(), Failure> {
    let mut config = TlsConfig::default();
    // Without a file they are the system's.
    config.roots = arguments.ca.iter().map(Pem::file).collect();
    let provider = arguments.tls_provider;
    let context = provider.client(config).map_err(Failure::usage)?;
    let target = (arguments.host.as_str(), arguments.port);
    let connecting = event_loop.open_connection(target, ConnectOptions::default());
    let stream = connecting.await.map_err(Failure::job)?;
    let mut server = Conversation {
        event_loop,
        stream,
        limit: arguments.timeout,
    };
    server.reply("220").await?;
    server.ask("AUTH TLS", "234").await?;
    let options = StartTlsOptions::default()
        .server_hostname(&arguments.host)
        .handshake_timeout(server.limit)
        .allow_half_close(true);
    let upgrade = server.stream.start_tls(&*context, options);
    upgrade.await.map_err(Failure::job)?;
    server.ask("USER anonymous", "331").await?;
    server.ask("PASS guest@", "230").await?;
    server.ask("CCC", "200").await?;
    server.clear(arguments.passive).await?;
    server.ask("NOOP", "200").await?;
    server.ask("QUIT", "221").await?;
    server.stream.close().await.map_err(Failure::job)
}

impl Conversation {
    /// Says a line, and hears what the server answers.
    async fn ask(&mut self, line: &str, code: &str) -> Result<(), Failure> {
        let line = format!("{line}\r\n");
        let said = self.stream.write_all(line.as_bytes()).await;
        said.map_err(Failure::job)?;
        self.reply(code).await
    }

    /// Hears a reply with this code, and prints it.
    async fn reply(&mut self, code: &str) -> Result<(), Failure> {
        loop {
            let reading = self.stream.read_until("\r\n");
            let line = in_time(&self.event_loop, self.limit, reading).await?;
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            let how = match self.stream.tls_session() {
                Some(session) => session.version.to_string(),
                None => "clear".to_owned(),
            };
            exit::print(format_args!("{how} {line}\n"))?;
            if !line.starts_with(code) {
                return Err(Failure::job(format_args!("no {code}: {line}")));
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(());
            }
        }
    }

    /// Ends TLS, and goes on without it.
    async fn clear(&mut self, passive: bool) -> Result<(), Failure> {
        if passive {
            let mut byte = [0];
            let reading = self.stream.read(&mut byte);
            if in_time(&self.event_loop, self.limit, reading).await? > 0 {
                return Err(Failure::job("the server goes on after CCC"));
            }
        }
        let options = StopTlsOptions::default().timeout(self.limit);
        let unread = self.stream.stop_tls(options).await.map_err(Failure::job)?;
        if !unread.is_empty() {
            return Err(Failure::job("the server has gone on after CCC"));
        }
        Ok(())
    }
}

async fn in_time<T, E: Into<io::Error>>(
    event_loop: &LoopHandle,
    limit: Duration,
    what: impl Future<Output = Result<T, E>>,
) -> Result<T, Failure> {
    match event_loop.timeout(limit, what).await {
        Ok(done) => done.map_err(|error| Failure::job(error.into())),
        Err(_) => Err(Failure::job("the server does not answer")),
    }
}
