//! Files sent by a task a connection, through `EventLoop::sendfile` as it is.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loopline::{
    EventLoop, EventLoopExt, FilePosition, Outcome, Protocol, SendFileOptions, Transport,
};

use super::batch::{Batch, Serving};
use crate::Fallible;
use crate::subject::Subject;
use crate::workload::{file_of, parse_file_request};

pub(super) struct Files(pub(super) Serving);

impl Subject for Files {
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

pub(super) struct Connection {
    batch: Rc<Batch>,
    file: Arc<File>,
    requests: Rc<Requests>,
}

impl Connection {
    /// What makes connections for one file.
    pub(super) fn factory(size: u64) -> Fallible<impl Fn(&Rc<Batch>) -> Self> {
        let file = Arc::new(file_of(size)?);
        Ok(move |batch: &Rc<Batch>| Self {
            batch: Rc::clone(batch),
            file: Arc::clone(&file),
            requests: Rc::default(),
        })
    }
}

impl Protocol for Connection {
    fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
        let task = answer(
            Rc::clone(&self.batch),
            Rc::clone(transport),
            Arc::clone(&self.file),
            Rc::clone(&self.requests),
        );
        // Without its handle the task goes on; it ends with the loop.
        drop(self.batch.event_loop().spawn(task));
        self.batch.count(1);
        Ok(())
    }

    fn data_received(&mut self, data: &[u8]) -> Outcome {
        // A client waits for its file before it asks again, so that a request
        // comes by itself.
        self.requests.add(parse_file_request(data)?);
        Ok(())
    }

    fn connection_lost(&mut self, _: Option<&io::Error>) -> Outcome {
        self.batch.client_gone();
        Ok(())
    }
}

/// A part of the file for each request, for as long as the transport takes them.
async fn answer(
    batch: Rc<Batch>,
    transport: Rc<dyn Transport>,
    file: Arc<File>,
    requests: Rc<Requests>,
) {
    loop {
        let (offset, length) = poll_fn(|cx| requests.poll_take(cx)).await;
        // The connections share the file, so its position is nobody's.
        let options = SendFileOptions::default()
            .offset(offset)
            .count(length)
            .position(FilePosition::Keep);
        let sent = batch
            .event_loop()
            .sendfile(&transport, (&file).into(), options)
            .await;
        if sent.is_err() {
            return batch.client_gone();
        }
        batch.count(1);
    }
}

/// The request that waits for the task, which waits for requests.
#[derive(Default)]
struct Requests {
    waiting: Cell<Option<(u64, u64)>>,
    task: RefCell<Option<Waker>>,
}

impl Requests {
    fn add(&self, request: (u64, u64)) {
        self.waiting.set(Some(request));
        if let Some(task) = &*self.task.borrow() {
            task.wake_by_ref();
        }
    }

    /// The waker stays from one request to the next.
    fn wait(&self, waker: &Waker) {
        let mut task = self.task.borrow_mut();
        if !task.as_ref().is_some_and(|task| task.will_wake(waker)) {
            *task = Some(waker.clone());
        }
    }

    fn poll_take(&self, cx: &mut Context<'_>) -> Poll<(u64, u64)> {
        match self.waiting.take() {
            Some(request) => Poll::Ready(request),
            None => {
                self.wait(cx.waker());
                Poll::Pending
            }
        }
    }
}
