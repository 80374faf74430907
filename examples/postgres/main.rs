//! tokio-postgres on a loop: a library over tokio's traits, without tokio's runtime.
#![forbid(unsafe_code)]

#[path = "../shared/exit.rs"]
mod exit;
mod query;
mod tls;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use loopline::tls::{Pem, Provider, TlsConfig, TlsContext};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use crate::exit::Failure;

/// Sends a query to PostgreSQL and prints the rows that come back: a line for each,
/// with tabs between the columns.
///
/// The password is taken from the environment variable PGPASSWORD.
#[derive(Debug, Parser)]
#[command(name = "postgres", version)]
struct Arguments {
    /// The server's name or address.
    host: String,
    /// Its port.
    port: u16,
    /// What to ask, in SQL.
    query: String,
    /// The user to be.
    #[arg(long, value_name = "NAME", default_value = "postgres")]
    user: String,
    /// The database, instead of that of the user's name.
    #[arg(long, value_name = "NAME")]
    database: Option<String>,
    /// Has the connection upgraded to TLS, and the server's certificate verified.
    #[arg(long)]
    tls: bool,
    /// The root certificates to trust, instead of the system's.
    #[arg(long, value_name = "PEM", requires = "tls")]
    ca: Option<PathBuf>,
    /// The name that the certificate has to be valid for, instead of HOST.
    #[arg(long, value_name = "NAME", requires = "tls")]
    name: Option<String>,
    /// The TLS library, of those that were built in.
    #[arg(long, value_name = "NAME", default_value_t = Provider::Rustls)]
    tls_provider: Provider,
}

impl Arguments {
    fn config(&self) -> Config {
        let mut config = Config::new();
        config.user(&self.user).ssl_mode(match self.tls {
            true => SslMode::Require,
            false => SslMode::Disable,
        });
        if let Some(database) = &self.database {
            config.dbname(database);
        }
        if let Ok(password) = std::env::var("PGPASSWORD") {
            config.password(password);
        }
        config
    }

    fn context(&self) -> Result<Arc<dyn TlsContext>, Failure> {
        let mut config = TlsConfig::default();
        // Without a file they are the system's.
        config.roots = self.ca.iter().map(Pem::file).collect();
        self.tls_provider.client(config).map_err(Failure::usage)
    }
}

fn main() -> ExitCode {
    exit::run(ask)
}

fn ask(arguments: Arguments) -> Result<(), Failure> {
    let upgrade = match arguments.tls {
        true => Some(tls::Upgrade {
            context: arguments.context()?,
            name: arguments.name.as_ref().unwrap_or(&arguments.host).clone(),
        }),
        false => None,
    };
    let event_loop = loopline::Loop::new()
        .map_err(|error| Failure::job(format_args!("cannot make an event loop: {error}")))?;
    let target = (arguments.host.as_str(), arguments.port);
    let (handle, config) = (event_loop.handle(), arguments.config());
    let asking = query::run(handle, target, &config, upgrade, &arguments.query);
    event_loop
        .run_until_complete(asking)
        .map_err(Failure::job)?
}
