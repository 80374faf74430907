//! A download over HTTPS, with a progress bar where somebody sees it.
#![forbid(unsafe_code)]

mod download;
#[path = "../shared/exit.rs"]
mod exit;

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use hyper::Uri;
use loopline::Loop;

use crate::exit::Failure;

/// Gets a file over HTTPS from a server that the system's root certificates vouch
/// for.
///
/// A progress bar is shown if standard error is a terminal.
#[derive(Debug, Parser)]
#[command(name = "download", version)]
struct Arguments {
    /// Where it is: https://HOST[:PORT]/PATH
    address: Uri,
    /// The file to write, which must not be there yet.
    file: PathBuf,
}

fn main() -> ExitCode {
    exit::run(|arguments: Arguments| {
        let Arguments { address, file } = arguments;
        let wrong = || Failure::usage(format_args!("not an address of https: {address}"));
        let authority = address
            .authority()
            .filter(|_| address.scheme_str() == Some("https"));
        let authority = authority.ok_or_else(wrong)?;
        let path = address.path_and_query().map_or("/", |path| path.as_str());
        let into = File::create_new(&file).map_err(|error| {
            Failure::usage(format_args!("cannot write {}: {error}", file.display()))
        })?;
        let event_loop = Loop::new()?;
        event_loop.run_until_complete(download::run(&event_loop, authority, path, into))?
    })
}
