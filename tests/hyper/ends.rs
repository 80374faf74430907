//! Connections that end too early, on either side.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;

use futures::FutureExt;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1 as client;
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper::{Request, Response};
use loopline::prelude::*;
use loopline_backend_sim::Simulation;

use crate::harness::{Failure, full, on_loop, pair, post};

/// Whether a body came whole.
async fn whole(
    request: Request<Incoming>,
) -> Result<Response<http_body_util::Full<bytes::Bytes>>, Infallible> {
    let collected = request.into_body().collect().await;
    Ok(Response::new(full(match collected {
        Ok(_) => "whole",
        Err(_) => "cut",
    })))
}

const HALF: &[u8] = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf";

#[test]
fn a_peer_that_ends_within_a_body() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (ours, mut theirs) = pair(event_loop).await?;
        let serving = server::Builder::new().serve_connection(ours, service_fn(whole));
        let serving = event_loop.spawn(serving);
        theirs.write_all(HALF).await?;
        theirs.write_eof()?;
        // The other half is still open.
        let head = theirs.read_until("\r\n\r\n").await?;
        assert!(head.starts_with(b"HTTP/1.1 200 "));
        assert_eq!(theirs.read_exact(3).await?, b"cut");
        serving.await??;
        Ok(())
    })
}

#[test]
fn a_peer_that_resets() -> Result<(), Failure> {
    let sim = Simulation::new();
    let event_loop = Loop::with_backend(Box::new(sim.backend()));
    event_loop.run_until_complete(async {
        let serve = async |stream: Stream| {
            let serving = server::Builder::new().serve_connection(stream, service_fn(whole));
            let error = serving.await.err();
            let cause = error.as_ref().and_then(std::error::Error::source);
            let cause = cause.and_then(|cause| cause.downcast_ref::<io::Error>());
            let kind = cause.map(io::Error::kind);
            assert_eq!(kind, Some(io::ErrorKind::ConnectionReset), "{error:?}");
        };
        let address: SocketAddr = "192.0.2.1:80".parse()?;
        let options = ServerOptions::default();
        let listening = event_loop.start_server(serve, address, options).await?;
        let peer = sim.connect(address).await?;
        peer.write_all(HALF).await?;
        peer.reset();
        listening.close();
        listening.wait_closed().await;
        until_idle(&event_loop).await;
        Ok(())
    })?
}

async fn until_idle(event_loop: &Loop) {
    while event_loop.snapshot().tasks > 0 {
        event_loop.sleep(std::time::Duration::from_millis(1)).await;
    }
}

#[test]
fn a_connection_that_is_dropped_closes_its_stream() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (ours, mut theirs) = pair(event_loop).await?;
        let mut serving = server::Builder::new().serve_connection(ours, service_fn(whole));
        theirs.write_all(HALF).await?;
        theirs.flush().await?;
        // At each of its polls.
        for _ in 0..3 {
            assert!((&mut serving).now_or_never().is_none());
            event_loop.sleep(std::time::Duration::ZERO).await;
        }
        drop(serving);
        assert_eq!(theirs.read(&mut [0; 64]).await?, 0);
        Ok(())
    })
}

#[test]
fn what_is_no_answer_is_an_error() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        for answer in [
            &b"220 mail.example.org ESMTP\r\n"[..],
            b"HTTP/1.1 200 OK\r\nContent-Le",
            b"",
        ] {
            let (mut ours, theirs) = pair(event_loop).await?;
            let (mut sender, connection) = client::handshake(theirs).await?;
            let talking = event_loop.spawn(connection);
            let asked = sender.send_request(post("")?);
            ours.write_all(answer).await?;
            ours.close().await?;
            assert!(
                asked.await.is_err(),
                "{:?}",
                String::from_utf8_lossy(answer)
            );
            // Either of them has the error.
            let _ = talking.await?;
        }
        Ok(())
    })
}
