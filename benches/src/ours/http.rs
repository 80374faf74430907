//! hyper on streams, with the loop's timers.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;

use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use loopline::hyper::Timer;
use loopline::{EventLoopExt, Loop, Stream};

use super::batch::{Batch, options};
use crate::Fallible;
use crate::http::answer;
use crate::subject::{Subject, listen};
use crate::workload::Over;

pub(super) struct Http {
    event_loop: Loop,
    batch: Rc<Batch>,
    address: SocketAddr,
}

impl Http {
    pub(super) fn new(event_loop: Loop, over: Over) -> Fallible<Self> {
        let batch = Batch::new(&event_loop);
        let shared = Rc::clone(&batch);
        let listener = listen()?;
        let address = listener.local_addr()?;
        event_loop.run_until_complete(event_loop.start_server(
            move |stream| {
                shared.count(1);
                attend(Rc::clone(&shared), stream)
            },
            listener,
            options(over)?,
        ))??;
        Ok(Self {
            event_loop,
            batch,
            address,
        })
    }
}

impl Subject for Http {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.address)
    }

    fn accept(&mut self, connections: usize) -> Fallible<()> {
        self.batch.until(&self.event_loop, connections as u64)
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.batch.until(&self.event_loop, requests)
    }
}

async fn attend(batch: Rc<Batch>, stream: Stream) -> hyper::Result<()> {
    let answered = Rc::clone(&batch);
    let service = service_fn(move |_request| {
        answered.count(1);
        async { Ok::<_, Infallible>(answer()) }
    });
    let ended = Builder::new()
        .timer(Timer::new(batch.event_loop().clone()))
        .serve_connection(stream, service)
        .await;
    batch.client_gone();
    ended
}
