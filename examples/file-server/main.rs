//! Files over HTTP, and ranges of them. The example `serve` is what this grows into.
#![forbid(unsafe_code)]

#[path = "../shared/exit.rs"]
mod exit;
mod files;
mod range;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use loopline::Loop;

/// Serves the files of a directory over HTTP/1.1, and ranges of them.
///
/// Prints `listening on ADDR` once it accepts.
#[derive(Debug, Parser)]
#[command(name = "file-server", version)]
struct Arguments {
    /// The directory; no path leads out of it.
    root: PathBuf,
    /// The address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7778")]
    listen: SocketAddr,
}

fn main() -> ExitCode {
    exit::run(|arguments: Arguments| {
        let event_loop = Loop::new()?;
        let Arguments { root, listen } = arguments;
        event_loop.run_until_complete(files::run(&event_loop, &root, listen))?
    })
}
