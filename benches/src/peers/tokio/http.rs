//! hyper as its own guide has it on tokio.

use std::convert::Infallible;
use std::io;

use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::http::answer;
use crate::peers::progress::Progress;

pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    stream: S,
    answered: Progress,
) -> io::Result<()> {
    let counted = answered.clone();
    let service = service_fn(move |_request| {
        counted.count(1);
        async { Ok::<_, Infallible>(answer()) }
    });
    let ended = Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
    answered.client_gone();
    ended.map_err(io::Error::other)
}
