//! A chat: what one client says, all the others hear.
#![forbid(unsafe_code)]

#[path = "../shared/exit.rs"]
mod exit;
mod room;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use loopline::Loop;

/// Passes each line of a client on to all others.
///
/// Prints `listening on ADDR` once it accepts.
#[derive(Debug, Parser)]
#[command(name = "chat", version)]
struct Arguments {
    /// The address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7777")]
    listen: SocketAddr,
}

fn main() -> ExitCode {
    exit::run(|arguments: Arguments| {
        let event_loop = Loop::new()?;
        event_loop.run_until_complete(room::run(&event_loop, arguments.listen))?
    })
}
