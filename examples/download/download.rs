//! hyper as a client, over TLS.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Bytes};
use hyper::client::conn::http1;
use hyper::http::uri::Authority;
use hyper::{Request, StatusCode};
use indicatif::{ProgressBar, ProgressStyle};
use loopline::prelude::*;

use crate::exit::Failure;

const BAR: &str = "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";

pub(crate) async fn run(
    event_loop: &Loop,
    from: &Authority,
    path: &str,
    mut into: File,
) -> Result<(), Failure> {
    let context = RustlsContext::client_with_system_roots()?;
    let options = ConnectOptions::default().ssl(Arc::new(context));
    let target = (from.host(), from.port_u16().unwrap_or(443));
    let stream = event_loop.open_connection(target, options).await?;
    let (mut sender, connection) = http1::handshake(stream).await?;
    event_loop.spawn(connection);
    let request = Request::get(path).header("host", from.as_str());
    let request = request.body(Empty::<Bytes>::new())?;
    let mut response = sender.send_request(request).await?;
    if response.status() != StatusCode::OK {
        return Err(Failure::job(response.status()));
    }
    // It draws nothing unless standard error is a terminal.
    let bar = match response.body().size_hint().exact() {
        Some(length) => ProgressBar::new(length).with_style(ProgressStyle::with_template(BAR)?),
        None => ProgressBar::no_length(),
    };
    while let Some(frame) = response.frame().await {
        if let Ok(data) = frame?.into_data() {
            into.write_all(&data)?;
            bar.inc(data.len() as u64);
        }
    }
    bar.finish();
    Ok(())
}
