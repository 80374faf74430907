//! Upgrades a connection to a server by the rules of its protocol, and tells
//! what TLS has agreed on.
#![forbid(unsafe_code)]

mod conversation;
#[path = "../shared/exit.rs"]
mod exit;
mod facts;
mod imap;
mod pop3;
mod postgres;
#[path = "../shared/seconds.rs"]
mod seconds;
mod smtp;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use loopline::LoopHandle;
use loopline::tls::{Pem, Provider, TlsConfig, TlsContext};

use crate::conversation::Conversation;
use crate::exit::Failure;
use crate::facts::Facts;

/// Connects to a server, asks it for TLS in its own protocol, upgrades the
/// connection, and prints what was agreed on as one JSON object.
///
/// The server's certificate is verified. Nothing is said in the clear but what
/// the upgrade takes, and nothing that the server has said in the clear is
/// printed as offered.
#[derive(Debug, Parser)]
#[command(name = "starttls-client", version)]
struct Arguments {
    /// What the server speaks.
    protocol: Speaks,
    /// The server's name or address.
    host: String,
    /// Its port.
    port: u16,
    /// The root certificates to trust, instead of the system's.
    #[arg(long, value_name = "PEM")]
    ca: Option<PathBuf>,
    /// The name that the certificate has to be valid for, instead of HOST.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The TLS library, of those that were built in.
    #[arg(long, value_name = "NAME", default_value_t = Provider::Rustls)]
    tls_provider: Provider,
    /// For how long to wait for each answer of the server.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds::seconds)]
    timeout: Duration,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Speaks {
    /// SMTP, by STARTTLS (RFC 3207).
    Smtp,
    /// IMAP, by STARTTLS (RFC 9051).
    Imap,
    /// POP3, by STLS (RFC 2595).
    Pop3,
    /// PostgreSQL, by its SSLRequest.
    Postgres,
}

fn main() -> ExitCode {
    exit::run(upgrade)
}

fn upgrade(arguments: Arguments) -> Result<(), Failure> {
    let mut config = TlsConfig::default();
    // Without a file they are the system's.
    config.roots = arguments.ca.iter().map(Pem::file).collect();
    let context = arguments
        .tls_provider
        .client(config)
        .map_err(Failure::usage)?;
    let event_loop = loopline::Loop::new()
        .map_err(|error| Failure::job(format_args!("cannot make an event loop: {error}")))?;
    let talking = talk(event_loop.handle(), &arguments, &*context);
    let facts = event_loop
        .run_until_complete(talking)
        .map_err(Failure::job)??;
    exit::print(format_args!("{facts}\n"))
}

async fn talk(
    event_loop: LoopHandle,
    arguments: &Arguments,
    context: &dyn TlsContext,
) -> Result<Facts, Failure> {
    let target = (arguments.host.as_str(), arguments.port);
    let name = arguments.name.as_deref().unwrap_or(&arguments.host);
    let mut server = Conversation::begin(event_loop, target, arguments.timeout).await?;
    let offered = match arguments.protocol {
        Speaks::Smtp => smtp::upgrade(&mut server, context, name).await?,
        Speaks::Imap => imap::upgrade(&mut server, context, name).await?,
        Speaks::Pop3 => pop3::upgrade(&mut server, context, name).await?,
        Speaks::Postgres => postgres::upgrade(&mut server, context, name).await?,
    };
    let session = server.session()?;
    server.end().await?;
    Ok(Facts { session, offered })
}
