//! An echo server over TLS, whose connections begin with TLS, or are upgraded by
//! the rules of a protocol. It tells what each one has agreed on and how it has
//! ended, which shows what a TLS client does, and what a TLS library makes of it.
#![forbid(unsafe_code)]

mod echo;
#[path = "../shared/exit.rs"]
mod exit;
mod peer;
mod report;
#[path = "../shared/seconds.rs"]
mod seconds;
#[path = "../shared/self_signed.rs"]
mod self_signed;
mod server;
#[path = "../shared/serving.rs"]
mod serving;
#[path = "../shared/signals.rs"]
mod signals;
#[path = "../shared/tls.rs"]
mod tls;
mod upgrade;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::exit::Failure;
use crate::tls::TlsArguments;
use crate::upgrade::Speaks;

/// Sends back what it gets over TLS.
///
/// Prints `listening on ADDR` once it accepts, and then one JSON object for each
/// thing that happens to a connection: `open`, `refused` where the handshake
/// fails, and `lost`. SIGINT or SIGTERM aborts all connections and ends it.
#[derive(Debug, Parser)]
#[command(name = "tls-echo", version)]
struct Arguments {
    /// The address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7007")]
    listen: SocketAddr,
    /// The protocol in which clients ask for TLS, instead of beginning with it.
    #[arg(long, value_name = "PROTOCOL")]
    upgrade: Option<Speaks>,
    #[command(flatten)]
    tls: TlsArguments,
    /// For how long a handshake may take.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds::seconds)]
    handshake_timeout: Duration,
}

fn main() -> ExitCode {
    exit::run(echo)
}

fn echo(arguments: Arguments) -> Result<(), Failure> {
    let context = arguments.tls.context(arguments.listen.ip(), &[])?;
    let context = context.ok_or_else(|| Failure::usage("a certificate is needed"))?;
    let event_loop = loopline::Loop::new()
        .map_err(|error| Failure::job(format_args!("cannot make an event loop: {error}")))?;
    let shared = server::Shared {
        event_loop: event_loop.handle(),
        context,
        upgrade: arguments.upgrade,
        handshake_timeout: arguments.handshake_timeout,
    };
    event_loop
        .run_until_complete(server::run(shared, arguments.listen))
        .map_err(Failure::job)?
}
