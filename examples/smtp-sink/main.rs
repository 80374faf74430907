//! A mail server that keeps what it gets: SMTP with STARTTLS and pipelining,
//! each mail one file of a directory. STARTTLS upgrades the live connection by
//! the loop's `start_tls`.
#![forbid(unsafe_code)]

mod connection;
#[path = "../shared/exit.rs"]
mod exit;
mod peer;
#[path = "../shared/seconds.rs"]
mod seconds;
#[path = "../shared/self_signed.rs"]
mod self_signed;
mod server;
mod session;
#[path = "../shared/signals.rs"]
mod signals;
mod smtp;
mod store;
#[path = "../shared/tls.rs"]
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use clap::builder::RangedU64ValueParser;

use crate::exit::Failure;
use crate::server::Limits;
use crate::store::Store;
use crate::tls::TlsArguments;

/// Takes mail by SMTP and writes each one into a file of a directory.
///
/// A file holds what came behind DATA, byte for byte, and appears under its
/// name when all of it is on the disk. Any sender and any recipient is taken;
/// nothing is sent on.
///
/// Prints `listening on ADDR` once it accepts. The first SIGINT or SIGTERM lets
/// the mails under way arrive, a second one aborts them.
#[derive(Debug, Parser)]
#[command(name = "smtp-sink", version)]
struct Arguments {
    /// The directory to write to.
    dir: PathBuf,
    /// The address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:2525")]
    listen: SocketAddr,
    #[command(flatten)]
    tls: TlsArguments,
    /// For how long a client may be silent (RFC 5321, section 4.5.3.2.7).
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = seconds::seconds)]
    idle_timeout: Duration,
    /// How large a mail may be; KiB, MiB, GiB, kB, MB and GB are understood.
    #[arg(long, value_name = "SIZE", default_value = "32MiB", value_parser = size)]
    max_size: u64,
    /// How many clients may be connected at once.
    #[arg(
        long, value_name = "N", default_value_t = 1000,
        value_parser = RangedU64ValueParser::<usize>::new().range(1..),
    )]
    max_connections: usize,
}

fn size(text: &str) -> Result<u64, String> {
    match parse_size::parse_size(text) {
        Ok(0) => Err("the size must be positive".to_owned()),
        Ok(size) => Ok(size),
        Err(error) => Err(error.to_string()),
    }
}

fn main() -> ExitCode {
    exit::run(sink)
}

fn sink(arguments: Arguments) -> Result<(), Failure> {
    let dir = &arguments.dir;
    let store = Store::open(dir).map_err(|error| {
        Failure::usage(format_args!("cannot write to {}: {error}", dir.display()))
    })?;
    let tls = arguments.tls.context(arguments.listen.ip(), &[])?;
    let limits = Limits {
        idle_timeout: arguments.idle_timeout,
        mail: arguments.max_size,
        connections: arguments.max_connections,
    };
    let event_loop = loopline::Loop::new()
        .map_err(|error| Failure::job(format_args!("cannot make an event loop: {error}")))?;
    let serving = server::run(event_loop.handle(), store, tls, limits, arguments.listen);
    event_loop
        .run_until_complete(serving)
        .map_err(Failure::job)?
}
