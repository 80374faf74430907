//! Sends a file to itself over the loopback interface, once inside the kernel,
//! once by reading and writing, and once more after that same connection was
//! upgraded to TLS, while a watched pipe reports, and compares them.
#![forbid(unsafe_code)]

mod clock;
#[path = "../shared/exit.rs"]
mod exit;
mod hasher;
mod legs;
mod link;
mod pipe;
mod receiver;
mod report;
#[path = "../shared/self_signed.rs"]
mod self_signed;
mod source;
mod ticks;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use loopline::LoopHandle;
use loopline::tls::Provider;

use crate::exit::Failure;
use crate::report::Figures;
use crate::source::Source;

/// Sends a file over one loopback connection, server and client in this
/// process: by sendfile(2), then by reading and writing, then the connection is
/// upgraded to TLS, and the file goes over that. A watched pipe reports
/// meanwhile.
///
/// Prints `listening on ADDR` first, to standard error with --json. The receiver
/// hashes in a second thread; where that is slower than sending, it limits
/// MiB/s. CPU s per GiB is what the whole process used, sending and receiving,
/// without that thread.
#[derive(Debug, Parser)]
#[command(name = "transfer", version)]
struct Arguments {
    /// The file to send, instead of pseudo-random bytes.
    #[arg(long, value_name = "PATH", conflicts_with = "size")]
    file: Option<PathBuf>,
    /// How many pseudo-random bytes to send, from a temporary file; KiB, MiB,
    /// GiB, kB, MB and GB are understood.
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = size)]
    size: u64,
    /// The port to listen on; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// The TLS library, of those that were built in.
    #[arg(long, value_name = "NAME", default_value_t = Provider::Rustls)]
    tls_provider: Provider,
    /// Prints one array of objects instead of a table.
    #[arg(long)]
    json: bool,
}

fn size(text: &str) -> Result<u64, String> {
    match parse_size::parse_size(text) {
        Ok(0) => Err("the size must be positive".to_owned()),
        Ok(size) => Ok(size),
        Err(error) => Err(error.to_string()),
    }
}

fn main() -> ExitCode {
    exit::run(transfer)
}

fn transfer(arguments: Arguments) -> Result<(), Failure> {
    let source = match &arguments.file {
        Some(path) => Source::open(path),
        None => Source::random(arguments.size),
    };
    let source = source.map_err(Failure::usage)?;
    let event_loop = loopline::Loop::new()
        .map_err(|error| Failure::job(format_args!("cannot make an event loop: {error}")))?;
    let work = send(event_loop.handle(), &arguments, &source);
    let (figures, watched) = event_loop
        .run_until_complete(work)
        .map_err(Failure::job)??;
    if arguments.json {
        exit::print(format_args!("{}\n", report::json(&figures)))?;
    } else {
        exit::print(format_args!("{}\n{watched}\n", report::table(&figures)))?;
    }
    match figures.iter().find(|figures| !figures.sha256_equal) {
        Some(wrong) => Err(Failure::job(format_args!(
            "{}: what arrived is not what was sent",
            wrong.leg
        ))),
        None => Ok(()),
    }
}

async fn send(
    event_loop: LoopHandle,
    arguments: &Arguments,
    source: &Source,
) -> Result<(Vec<Figures>, ticks::Watched), Failure> {
    let mut link = link::Link::make(&event_loop, arguments.port, |address| {
        if arguments.json {
            // Standard output is the array's.
            let _ = writeln!(io::stderr(), "listening on {address}");
            return Ok(());
        }
        exit::print(format_args!("listening on {address}\n"))
    })
    .await?;
    let ticks = ticks::Ticks::start(&event_loop)
        .map_err(|error| Failure::job(format_args!("cannot watch a pipe: {error}")))?;
    let mut figures = Vec::new();
    for leg in &legs::PLAIN {
        figures.push(leg.run(&event_loop, &link, source, &ticks).await?);
    }
    link.start_tls(&event_loop, arguments.tls_provider).await?;
    figures.push(legs::TLS.run(&event_loop, &link, source, &ticks).await?);
    let watched = ticks.watched();
    drop(ticks);
    link.close().await;
    Ok((figures, watched))
}
