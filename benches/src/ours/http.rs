//! hyper on streams, with the loop's timers.

use std::convert::Infallible;
use std::net::SocketAddr;

use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use loopline::hyper::Timer;
use loopline::{Loop, Stream};

use super::batch::{Batch, Serving};
use crate::Fallible;
use crate::http::answer;
use crate::subject::Subject;
use crate::workload::Over;

pub(super) struct Http(Serving);

impl Http {
    pub(super) fn new(event_loop: Loop, over: Over) -> Fallible<Self> {
        Ok(Self(Serving::with_streams(event_loop, over, attend)?))
    }
}

impl Subject for Http {
    fn address(&self) -> Option<SocketAddr> {
        self.0.address()
    }

    fn accept(&mut self, connections: usize) -> Fallible<()> {
        self.0.until(connections as u64)
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.0.until(requests)
    }
}

async fn attend(batch: &Batch, stream: Stream) -> hyper::Result<()> {
    let service = service_fn(|_request| {
        batch.count(1);
        async { Ok::<_, Infallible>(answer()) }
    });
    Builder::new()
        .timer(Timer::new(batch.event_loop().clone()))
        .serve_connection(stream, service)
        .await
}
