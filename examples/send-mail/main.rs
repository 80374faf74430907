//! A mail by SMTP, on a connection that is upgraded to TLS.
#![forbid(unsafe_code)]

#[path = "../shared/exit.rs"]
mod exit;
mod smtp;

use std::io::Read;
use std::process::ExitCode;

use clap::Parser;
use loopline::Loop;

use crate::exit::Failure;

/// Sends the mail on standard input, its header and its text, over SMTP with
/// STARTTLS. The server's certificate is verified by the system's roots.
#[derive(Debug, Parser)]
#[command(name = "send-mail", version)]
struct Arguments {
    /// The server's name.
    host: String,
    /// Its port.
    port: u16,
    /// Who sends it.
    #[arg(value_parser = address)]
    from: String,
    /// Who is to get it.
    #[arg(value_parser = address)]
    to: String,
}

/// No address can end its command and begin another.
fn address(text: &str) -> Result<String, &'static str> {
    match text.contains(['<', '>', '\r', '\n']) {
        true => Err("not the address of a mailbox"),
        false => Ok(text.to_owned()),
    }
}

fn main() -> ExitCode {
    exit::run(|arguments: Arguments| {
        let mut mail = String::new();
        std::io::stdin()
            .read_to_string(&mut mail)
            .map_err(Failure::usage)?;
        let event_loop = Loop::new()?;
        let Arguments {
            host,
            port,
            from,
            to,
        } = arguments;
        event_loop.run_until_complete(smtp::send(&event_loop, (&host, port), &from, &to, &mail))?
    })
}
