//! An HTTP/1.1 file server: GET and HEAD, single ranges, conditional requests,
//! keep-alive and pipelining, with TLS if asked. Files go by the loop's
//! `sendfile`: from the page cache to the socket inside the kernel, or through
//! the TLS coder.
#![forbid(unsafe_code)]

mod answer;
mod connection;
#[path = "../shared/exit.rs"]
mod exit;
mod http;
mod listing;
mod peer;
#[path = "../shared/seconds.rs"]
mod seconds;
#[path = "../shared/self_signed.rs"]
mod self_signed;
mod server;
mod session;
#[path = "../shared/signals.rs"]
mod signals;
mod site;
#[path = "../shared/tls.rs"]
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::exit::Failure;
use crate::tls::TlsArguments;

/// Serves the files below a directory over HTTP/1.1, and over TLS if there is a
/// certificate. A directory is answered by its index.html, or else by a list of
/// what is in it.
///
/// Prints `listening on ADDR` once it accepts. The first SIGINT or SIGTERM lets
/// the responses under way finish, a second one aborts them.
#[derive(Debug, Parser)]
#[command(name = "serve", version)]
struct Arguments {
    /// The directory to serve; no path leads out of it.
    root: PathBuf,
    /// The address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    #[command(flatten)]
    tls: TlsArguments,
    /// For how long a connection may wait for a request, and a request may
    /// take to arrive.
    #[arg(long, value_name = "SECONDS", default_value = "15", value_parser = seconds::seconds)]
    idle_timeout: Duration,
}

fn main() -> ExitCode {
    exit::run(serve)
}

fn serve(arguments: Arguments) -> Result<(), Failure> {
    let root = &arguments.root;
    let site = site::Site::open(root).map_err(|error| {
        Failure::usage(format_args!("cannot serve {}: {error}", root.display()))
    })?;
    let tls = arguments
        .tls
        .context(arguments.listen.ip(), &["http/1.1"])?;
    let event_loop = loopline::Loop::new()
        .map_err(|error| Failure::job(format_args!("cannot make an event loop: {error}")))?;
    let serving = server::run(
        event_loop.handle(),
        site,
        tls,
        arguments.listen,
        arguments.idle_timeout,
    );
    event_loop
        .run_until_complete(serving)
        .map_err(Failure::job)?
}
