//! Two streams on one loop, and how to get them.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use loopline::prelude::*;
use loopline_tls_rustls::{Pem, RustlsContext};

pub(crate) use crate::on_loop::{Failure, on_loop, until};

/// Both ends of a connection.
pub(crate) async fn pair(event_loop: &Loop) -> Result<(Stream, Stream), Failure> {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    Ok((
        over(event_loop, ours).await?,
        over(event_loop, theirs).await?,
    ))
}

/// A stream of which the other end is a socket.
pub(crate) async fn over(
    event_loop: &Loop,
    socket: std::os::unix::net::UnixStream,
) -> Result<Stream, Failure> {
    let options = ConnectOptions::default();
    Ok(event_loop.open_connection(socket, options).await?)
}

pub(crate) struct Contexts {
    pub(crate) client: Arc<RustlsContext>,
    pub(crate) server: Arc<RustlsContext>,
}

pub(crate) fn contexts() -> Result<Contexts, Failure> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let chain = made.cert.pem();
    let key = made.signing_key.serialize_pem();
    let server = RustlsContext::builder()
        .identity(Pem::bytes(chain.clone()), Pem::bytes(key))
        .build_server()?;
    let client = RustlsContext::builder()
        .roots(Pem::bytes(chain))
        .build_client()?;
    Ok(Contexts {
        client: Arc::new(client),
        server: Arc::new(server),
    })
}

/// What a test expects to fail.
pub(crate) trait Failing<E> {
    /// The error; it is a failure if there is none.
    fn failed(self) -> Result<E, Failure>;
}

impl<T: std::fmt::Debug, E> Failing<E> for Result<T, E> {
    fn failed(self) -> Result<E, Failure> {
        match self {
            Ok(value) => Err(format!("it did not fail: {value:?}").into()),
            Err(error) => Ok(error),
        }
    }
}

/// Polls a future once, and drops it unless it is ready.
pub(crate) async fn once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Lets everything happen that needs no further push.
pub(crate) async fn settle(event_loop: &Loop) {
    event_loop.sleep(Duration::from_millis(30)).await;
}
