//! HTTP/1.1.

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;

use hyper::client::conn::http1 as client;
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use loopline::prelude::*;

use crate::harness::{Failure, body_of, echo, full, on_loop, pair, pattern, post};

#[test]
fn a_service_keeps_what_is_not_send() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (ours, theirs) = pair(event_loop).await?;
        let served = Rc::new(Cell::new(0));
        let counted = Rc::clone(&served);
        let service = service_fn(move |_request| {
            counted.set(counted.get() + 1);
            let number = Rc::new(counted.get());
            async move { Ok::<_, Infallible>(Response::new(full(number.to_string()))) }
        });
        let serving = event_loop.spawn(server::Builder::new().serve_connection(ours, service));
        let (mut sender, connection) = client::handshake(theirs).await?;
        let talking = event_loop.spawn(connection);
        for number in 1..=3 {
            let response = sender.send_request(post("")?).await?;
            assert_eq!(body_of(response).await?, number.to_string());
        }
        drop(sender);
        talking.await??;
        serving.await??;
        assert_eq!(served.get(), 3);
        Ok(())
    })
}

#[test]
fn bodies_beyond_every_buffer_go_both_ways() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut ours, mut theirs) = pair(event_loop).await?;
        // Smaller than hyper's buffers, so that neither side takes all at once.
        ours.set_limit(1000);
        theirs.set_limit(777);
        let service = service_fn(echo);
        let serving = event_loop.spawn(server::Builder::new().serve_connection(ours, service));
        let (mut sender, connection) = client::handshake(theirs).await?;
        let talking = event_loop.spawn(connection);
        for length in [0, 1, 999, 100_000, 3_000_000] {
            let response = sender.send_request(post(pattern(length))?).await?;
            assert_eq!(body_of(response).await?, pattern(length), "{length} bytes");
        }
        drop(sender);
        talking.await??;
        serving.await??;
        Ok(())
    })
}

/// An upgrade does without `with_upgrades`, which asks for `Send`.
#[test]
fn a_stream_comes_back_for_another_protocol() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (ours, mut theirs) = pair(event_loop).await?;
        let switch = async |_request: Request<_>| {
            let response = Response::builder()
                .status(StatusCode::SWITCHING_PROTOCOLS)
                .header("connection", "upgrade")
                .header("upgrade", "chat");
            response.body(full(""))
        };
        let serving = event_loop.spawn(
            server::Builder::new()
                .serve_connection(ours, service_fn(switch))
                .without_shutdown(),
        );
        theirs
            .write_all(b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\nearly ")
            .await?;
        let head = theirs.read_until("\r\n\r\n").await?;
        assert!(head.starts_with(b"HTTP/1.1 101 "));
        let parts = serving.await??;
        assert_eq!(&*parts.read_buf, b"early ");
        let mut stream: Stream = parts.io;
        theirs.write_all(b"and late").await?;
        assert_eq!(stream.read_exact(8).await?, b"and late");
        stream.write_all(b"hello").await?;
        assert_eq!(theirs.read_exact(5).await?, b"hello");
        Ok(())
    })
}
