//! A loop, a connection on it, and bodies.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use loopline::prelude::*;

pub(crate) use crate::on_loop::{Failure, on_loop};

/// Both ends of a connection.
pub(crate) async fn pair(event_loop: &Loop) -> Result<(Stream, Stream), Failure> {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    let options = ConnectOptions::default;
    let ours = event_loop.open_connection(ours, options()).await?;
    Ok((ours, event_loop.open_connection(theirs, options()).await?))
}

pub(crate) fn full(bytes: impl Into<Bytes>) -> Full<Bytes> {
    Full::new(bytes.into())
}

/// A request with this body.
pub(crate) fn post(bytes: impl Into<Bytes>) -> Result<Request<Full<Bytes>>, Failure> {
    let request = Request::post("http://localhost/");
    Ok(request.body(full(bytes))?)
}

pub(crate) async fn body_of(response: Response<Incoming>) -> Result<Bytes, Failure> {
    Ok(response.into_body().collect().await?.to_bytes())
}

/// Answers a request with its own body.
pub(crate) async fn echo(request: Request<Incoming>) -> Result<Response<Incoming>, Infallible> {
    Ok(Response::new(request.into_body()))
}

/// Bytes of which no two neighbouring pages are the same.
pub(crate) fn pattern(length: usize) -> Bytes {
    (0..length).map(|at| (at / 251) as u8 ^ at as u8).collect()
}
