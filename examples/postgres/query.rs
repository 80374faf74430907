//! A connection of tokio-postgres over a stream, and a query over that.

use std::error::Error;
use std::pin::pin;

use futures::TryStreamExt;
use loopline::{ConnectOptions, EventLoopExt, LoopHandle};
use tokio_postgres::{Config, NoTls, SimpleQueryMessage, SimpleQueryRow};
use tokio_util::compat::FuturesAsyncReadCompatExt;

use crate::exit::{self, Failure};
use crate::tls::Upgrade;

/// How much is printed at once, in bytes.
const PIECE: usize = 64 * 1024;

/// Connects, asks, prints, and ends the connection.
pub(crate) async fn run(
    event_loop: LoopHandle,
    target: (&str, u16),
    config: &Config,
    upgrade: Option<Upgrade>,
    query: &str,
) -> Result<(), Failure> {
    let options = ConnectOptions::default();
    let stream = event_loop
        .open_connection(target, options)
        .await
        .map_err(Failure::job)?;
    // A stream has the traits of futures-io; this adds tokio's.
    let stream = stream.compat();
    let (client, talking) = match upgrade {
        Some(upgrade) => {
            let (client, connection) = config.connect_raw(stream, upgrade).await.map_err(told)?;
            (client, event_loop.spawn(connection))
        }
        None => {
            let (client, connection) = config.connect_raw(stream, NoTls).await.map_err(told)?;
            (client, event_loop.spawn(connection))
        }
    };
    let answers = client.simple_query_raw(query).await.map_err(told)?;
    let mut answers = pin!(answers);
    let mut lines = String::new();
    while let Some(answer) = answers.try_next().await.map_err(told)? {
        if let SimpleQueryMessage::Row(row) = answer {
            put_line(&mut lines, &row);
        }
        if lines.len() >= PIECE {
            exit::print(&lines)?;
            lines.clear();
        }
    }
    exit::print(&lines)?;
    drop(client);
    talking.await.map_err(Failure::job)?.map_err(told)
}

fn put_line(lines: &mut String, row: &SimpleQueryRow) {
    for column in 0..row.len() {
        if column > 0 {
            lines.push('\t');
        }
        lines.push_str(row.get(column).unwrap_or("NULL"));
    }
    lines.push('\n');
}

/// The error with all its causes: tokio-postgres says the kind alone.
fn told(error: tokio_postgres::Error) -> Failure {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    Failure::job(message)
}
