//! hyper on a loop: HTTP/1.1 and HTTP/2 on one port, in the clear or over TLS, all
//! of it on one thread.
#![forbid(unsafe_code)]

#[path = "../shared/exit.rs"]
mod exit;
mod hello;
#[path = "../shared/self_signed.rs"]
mod self_signed;
mod server;
#[path = "../shared/signals.rs"]
mod signals;
#[path = "../shared/tls.rs"]
mod tls;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;

use crate::exit::Failure;
use crate::tls::TlsArguments;

/// Answers `GET /` with 100 bytes, over HTTP/1.1 and HTTP/2.
///
/// Over TLS the client chooses by ALPN, in the clear by how it begins. Prints
/// `listening on ADDR` once it accepts. The first SIGINT or SIGTERM lets the
/// responses under way finish, a second one aborts them.
#[derive(Debug, Parser)]
#[command(name = "hyper-hello", version)]
struct Arguments {
    /// The address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    #[command(flatten)]
    tls: TlsArguments,
}

fn main() -> ExitCode {
    exit::run(serve)
}

fn serve(arguments: Arguments) -> Result<(), Failure> {
    let tls = arguments
        .tls
        .context(arguments.listen.ip(), &["h2", "http/1.1"])?;
    let event_loop = loopline::Loop::new()
        .map_err(|error| Failure::job(format_args!("cannot make an event loop: {error}")))?;
    event_loop
        .run_until_complete(server::run(event_loop.handle(), tls, arguments.listen))
        .map_err(Failure::job)?
}
