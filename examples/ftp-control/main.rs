//! The control connection of FTP, on which TLS is put and taken off again: AUTH
//! TLS (RFC 4217) by the loop's `start_tls`, and CCC by its `stop_tls`.
#![forbid(unsafe_code)]

mod client;
#[path = "../shared/exit.rs"]
mod exit;
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

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use loopline::tls::Provider;

use crate::exit::Failure;
use crate::tls::TlsArguments;

/// Talks FTP as far as its control connection goes, as a server or as a client.
///
/// After AUTH TLS the connection is secured, and after CCC it goes on in the
/// clear: firewalls that have to read the port numbers ask for that.
#[derive(Debug, Parser)]
#[command(name = "ftp-control", version)]
struct Arguments {
    #[command(subcommand)]
    side: Side,
}

#[derive(Debug, Subcommand)]
enum Side {
    Serve(Serve),
    Connect(Connect),
}

/// Serves clients until SIGINT or SIGTERM; there are no files. Prints
/// `listening on ADDR` once it accepts.
#[derive(Debug, Args)]
struct Serve {
    /// The address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:2121")]
    listen: SocketAddr,
    #[command(flatten)]
    tls: TlsArguments,
    /// Lets the client end TLS first after CCC, instead of beginning.
    #[arg(long)]
    passive: bool,
}

/// Secures a connection to a server, has it cleared again, and prints each reply
/// with how it came.
#[derive(Debug, Args)]
struct Connect {
    /// The server's name or address.
    host: String,
    /// Its port.
    port: u16,
    /// The root certificates to trust, instead of the system's.
    #[arg(long, value_name = "PEM")]
    ca: Option<PathBuf>,
    /// The TLS library, of those that were built in.
    #[arg(long, value_name = "NAME", default_value_t = Provider::Rustls)]
    tls_provider: Provider,
    /// For how long to wait for each answer of the server.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds::seconds)]
    timeout: Duration,
    /// Lets the server end TLS first after CCC, instead of beginning.
    #[arg(long)]
    passive: bool,
}

fn main() -> ExitCode {
    exit::run(|arguments: Arguments| {
        let event_loop = loopline::Loop::new()
            .map_err(|error| Failure::job(format_args!("cannot make an event loop: {error}")))?;
        let handle = event_loop.handle();
        let talked = match arguments.side {
            Side::Serve(serve) => event_loop.run_until_complete(server::run(handle, serve)),
            Side::Connect(connect) => event_loop.run_until_complete(client::run(handle, connect)),
        };
        talked.map_err(Failure::job)?
    })
}
