//! A connection that asks for parts of the file.

use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use loopline::{
    EventLoop, EventLoopExt, FilePosition, LoopHandle, Outcome, Protocol, SendFileError,
    SendFileOptions, Transport,
};

use crate::requests::{Request, Requests};

/// What connections that ask for files have in common.
pub(crate) struct Shelf {
    pub(crate) event_loop: LoopHandle,
    pub(crate) file: Arc<std::fs::File>,
    pub(crate) size: u64,
}

impl Shelf {
    /// Sends one part. The connections share the file, so that its position is
    /// nobody's.
    async fn send(
        &self,
        transport: &Rc<dyn Transport>,
        request: Request,
    ) -> Result<(), SendFileError> {
        if request.length == 0 {
            return Ok(());
        }
        let options = SendFileOptions::default()
            .offset(request.offset)
            .count(request.length)
            .position(FilePosition::Keep);
        self.event_loop
            .sendfile(transport, (&self.file).into(), options)
            .await?;
        Ok(())
    }

    fn has(&self, request: Request) -> bool {
        request.offset + request.length <= self.size
    }
}

/// Answers requests in their order.
pub(crate) struct Files {
    shelf: Rc<Shelf>,
    requests: Rc<Requests>,
    transport: Option<Rc<dyn Transport>>,
}

impl Files {
    pub(crate) fn new(shelf: &Rc<Shelf>) -> Self {
        Self {
            shelf: Rc::clone(shelf),
            requests: Rc::default(),
            transport: None,
        }
    }
}

/// Sends what is asked for, for as long as somebody asks. Whoever asks for what
/// is not there is cut off.
async fn answer(shelf: Rc<Shelf>, requests: Rc<Requests>, transport: Rc<dyn Transport>) {
    while let Some(request) = poll_fn(|cx| requests.poll_next(cx)).await {
        if !shelf.has(request) || shelf.send(&transport, request).await.is_err() {
            return transport.abort();
        }
        if !requests.are_enough() {
            transport.resume_reading();
        }
    }
}

impl Protocol for Files {
    fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
        let answering = answer(
            Rc::clone(&self.shelf),
            Rc::clone(&self.requests),
            Rc::clone(transport),
        );
        // It ends with the connection.
        drop(self.shelf.event_loop.spawn(answering));
        self.transport = Some(Rc::clone(transport));
        Ok(())
    }

    fn data_received(&mut self, data: &[u8]) -> Outcome {
        self.requests.feed(data);
        if let Some(transport) = self
            .transport
            .as_ref()
            .filter(|_| self.requests.are_enough())
        {
            transport.pause_reading();
        }
        Ok(())
    }

    fn connection_lost(&mut self, _: Option<&io::Error>) -> Outcome {
        self.requests.end();
        Ok(())
    }
}
