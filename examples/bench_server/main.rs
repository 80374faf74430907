//! A server to measure the loop with, written as its users write theirs: on
//! public items alone, in one thread. It echoes, or answers requests with parts
//! of a file, in the clear or over TLS.
#![forbid(unsafe_code)]

mod backend;
mod echo;
#[path = "../shared/exit.rs"]
mod exit;
mod files;
#[cfg(unix)]
#[path = "../custom_backend/poll.rs"]
mod poll;
mod requests;
mod server;
#[path = "../shared/serving.rs"]
mod serving;
#[path = "../shared/signals.rs"]
mod signals;

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, ValueEnum};
use loopline::tls::{Identities, Identity, Pem, Provider, TlsConfig, TlsContext};

use crate::exit::Failure;
use crate::server::Work;

/// What is done for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Sends back what comes.
    Echo,
    /// Answers each request, an offset and a length of 32 bits each, least byte
    /// first, with that part of the file.
    Sendfile,
    /// As echo, under TLS from the first byte on.
    TlsEcho,
    /// As sendfile, under TLS from the first byte on.
    TlsSendfile,
}

impl Mode {
    fn needs_file(self) -> bool {
        matches!(self, Self::Sendfile | Self::TlsSendfile)
    }

    fn needs_tls(self) -> bool {
        matches!(self, Self::TlsEcho | Self::TlsSendfile)
    }
}

/// Serves clients that measure, in one thread.
///
/// Prints `listening on ADDR` once it accepts. SIGINT or SIGTERM aborts all
/// connections and ends it.
#[derive(Debug, Parser)]
#[command(name = "bench_server", version)]
struct Arguments {
    /// The address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7070")]
    listen: SocketAddr,
    /// What is done for a client.
    #[arg(long, value_enum, default_value_t = Mode::Echo)]
    mode: Mode,
    /// The file whose parts are sent.
    #[arg(long, value_name = "PATH", required_if_eq_any([("mode", "sendfile"), ("mode", "tls-sendfile")]))]
    file: Option<PathBuf>,
    /// The certificate to show in TLS, followed by those between it and a root.
    #[arg(long, value_name = "PEM", required_if_eq_any([("mode", "tls-echo"), ("mode", "tls-sendfile")]))]
    cert: Option<PathBuf>,
    /// The key of the certificate.
    #[arg(long, value_name = "PEM", required_if_eq_any([("mode", "tls-echo"), ("mode", "tls-sendfile")]))]
    key: Option<PathBuf>,
    /// The TLS library, of those that were built in.
    #[arg(long, value_name = "NAME", default_value_t = Provider::Rustls)]
    tls_provider: Provider,
    /// The backend: the system's, which is the default, or `poll`.
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
}

impl Arguments {
    fn work(&self) -> Result<Work, Failure> {
        let Some(path) = self.file.as_ref().filter(|_| self.mode.needs_file()) else {
            return Ok(Work::Echo);
        };
        let refuse =
            |error| Failure::usage(format_args!("cannot send {}: {error}", path.display()));
        let file = File::open(path).map_err(refuse)?;
        let about = file.metadata().map_err(refuse)?;
        if !about.is_file() {
            return Err(Failure::usage(format_args!(
                "cannot send {}: it is no regular file",
                path.display()
            )));
        }
        Ok(Work::Files {
            file: Arc::new(file),
            size: about.len(),
        })
    }

    fn context(&self) -> Result<Option<Arc<dyn TlsContext>>, Failure> {
        let (Some(cert), Some(key)) = (&self.cert, &self.key) else {
            return Ok(None);
        };
        if !self.mode.needs_tls() {
            return Ok(None);
        }
        let mut config = TlsConfig::default();
        config.identities = Identities::new().any(Identity {
            chain: Pem::file(cert),
            key: Pem::file(key),
        });
        config.resumption = true;
        let context = self.tls_provider.server(config);
        context.map(Some).map_err(Failure::usage)
    }
}

fn main() -> ExitCode {
    exit::run(serve)
}

fn serve(arguments: Arguments) -> Result<(), Failure> {
    let work = arguments.work()?;
    let context = arguments.context()?;
    let event_loop = backend::make_loop(arguments.backend.as_deref())?;
    let serving = server::run(event_loop.handle(), work, context, arguments.listen);
    event_loop
        .run_until_complete(serving)
        .map_err(Failure::job)?
}
