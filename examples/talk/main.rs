//! Standard input and a connection at once: what is typed goes to a server, and what
//! the server says is shown.
#![forbid(unsafe_code)]

#[cfg(unix)]
#[path = "../shared/exit.rs"]
mod exit;
#[cfg(unix)]
mod talk;

/// Standard input of Windows cannot be watched.
#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    use clap::Parser;

    /// Connects to a server, sends it standard input, and writes what it sends to
    /// standard output. Ends when the server does.
    #[derive(Debug, Parser)]
    #[command(name = "talk", version)]
    struct Arguments {
        /// The server's name or address.
        host: String,
        /// Its port.
        port: u16,
    }

    exit::run(|arguments: Arguments| {
        let event_loop = loopline::Loop::new()?;
        let target = (arguments.host.as_str(), arguments.port);
        event_loop.run_until_complete(talk::run(&event_loop, target))?
    })
}
