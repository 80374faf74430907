//! Files sent by a task a connection, through `EventLoop::sendfile` as it is:
//! boxed future, file position kept up to date.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loopline::{EventLoop, EventLoopExt, Outcome, Protocol, SendFileOptions, Transport};

use super::batch::{Batch, Serving};
use crate::Fallible;
use crate::stage::Subject;
use crate::workload::file_of;

pub(crate) struct Files(Serving);

impl Files {
    pub(crate) fn new(size: u64) -> Fallible<Self> {
        Ok(Self(Serving::new(Connection::factory(size)?)?))
    }

    pub(crate) fn over_tls(size: u64) -> Fallible<Self> {
        Ok(Self(Serving::over_tls(Connection::factory(size)?)?))
    }
}

impl Subject for Files {
    fn address(&self) -> SocketAddr {
        self.0.address()
    }

    fn accept(&mut self, connections: usize) -> Fallible<()> {
        self.0.until(connections as u64)
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.0.until(requests)
    }
}

struct Connection {
    batch: Rc<Batch>,
    file: Arc<File>,
    requests: Rc<Requests>,
}

impl Connection {
    /// What makes connections for one file.
    fn factory(size: u64) -> Fallible<impl Fn(&Rc<Batch>) -> Self> {
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
        self.requests.add(data.len());
        Ok(())
    }

    fn connection_lost(&mut self, _: Option<&io::Error>) -> Outcome {
        self.batch.client_gone();
        Ok(())
    }
}

/// One file for each request, for as long as the transport takes them.
async fn answer(
    batch: Rc<Batch>,
    transport: Rc<dyn Transport>,
    file: Arc<File>,
    requests: Rc<Requests>,
) {
    loop {
        poll_fn(|cx| requests.poll_take(cx)).await;
        let sent = batch
            .event_loop()
            .sendfile(&transport, (&file).into(), SendFileOptions::default())
            .await;
        if sent.is_err() {
            return batch.client_gone();
        }
        batch.count(1);
    }
}

/// Requests that wait for the task, which waits for requests.
#[derive(Default)]
struct Requests {
    waiting: Cell<usize>,
    task: RefCell<Option<Waker>>,
}

impl Requests {
    fn add(&self, more: usize) {
        self.waiting.set(self.waiting.get() + more);
        let task = self.task.take();
        if let Some(task) = task {
            task.wake();
        }
    }

    fn poll_take(&self, cx: &mut Context<'_>) -> Poll<()> {
        match self.waiting.get().checked_sub(1) {
            Some(left) => {
                self.waiting.set(left);
                Poll::Ready(())
            }
            None => {
                self.task.replace(Some(cx.waker().clone()));
                Poll::Pending
            }
        }
    }
}
