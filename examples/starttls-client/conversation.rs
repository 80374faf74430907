//! A connection to a server that is talked to in lines or in messages.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use loopline::prelude::*;
use loopline::tls::Session;

use crate::exit::Failure;

/// How long a line may be, in bytes.
const MAX_LINE: usize = 8 * 1024;

/// A connection to a server that is talked to in lines or in messages, and that
/// TLS can be put onto in between.
pub(crate) struct Conversation {
    event_loop: LoopHandle,
    limit: Duration,
    /// When the answer that is due has to be there, to its last line: a server that
    /// says a little again and again is to be left as well. None is never.
    answered_by: Option<Instant>,
    /// Another one after the upgrade.
    transport: Rc<dyn Transport>,
    received: Rc<RefCell<Received>>,
}

/// The protocol: it keeps what has come.
#[derive(Default)]
struct Received {
    input: BytesMut,
    /// Why no more comes.
    end: Option<String>,
    waiting: Option<Waker>,
}

impl Conversation {
    pub(crate) async fn begin(
        event_loop: LoopHandle,
        target: (&str, u16),
        limit: Duration,
    ) -> Result<Self, Failure> {
        let options = ConnectOptions::default();
        let connecting = event_loop.create_connection(Received::default, target, options);
        let (transport, received) = event_loop
            .timeout(limit, connecting)
            .await
            .map_err(|_| Failure::job("the server cannot be reached in time"))?
            .map_err(Failure::job)?;
        Ok(Self {
            event_loop,
            limit,
            answered_by: Instant::now().checked_add(limit),
            transport,
            received,
        })
    }

    /// Says something that the server has to answer.
    pub(crate) fn say(&mut self, what: impl AsRef<[u8]>) -> Result<(), Failure> {
        self.answered_by = Instant::now().checked_add(self.limit);
        self.transport
            .write(what.as_ref())
            .map(drop)
            .map_err(Failure::job)
    }

    /// The next line of the server, without its end.
    pub(crate) async fn line(&mut self) -> Result<String, Failure> {
        let received = &self.received;
        let line = poll_fn(|cx| received.borrow_mut().poll_line(cx));
        self.in_time(line).await?.map_err(Failure::job)
    }

    /// The next `count` bytes of the server.
    pub(crate) async fn bytes(&mut self, count: usize) -> Result<Vec<u8>, Failure> {
        let received = &self.received;
        let bytes = poll_fn(|cx| received.borrow_mut().poll_bytes(count, cx));
        self.in_time(bytes).await?.map_err(Failure::job)
    }

    /// Puts TLS onto the connection. What the server has said behind its answer
    /// goes to the coder: it was said in the clear, by whoever sits in between.
    pub(crate) async fn start_tls(
        &mut self,
        context: &dyn TlsContext,
        name: &str,
    ) -> Result<(), Failure> {
        let behind = self.received.borrow_mut().input.split();
        let options = StartTlsOptions::default()
            .server_hostname(name)
            .handshake_timeout(self.limit)
            .received(&behind[..]);
        let protocol = Rc::clone(&self.received) as SharedProtocol;
        let upgrade = self
            .event_loop
            .start_tls(&self.transport, protocol, context, options);
        self.transport = upgrade.await.map_err(Failure::job)?;
        Ok(())
    }

    /// What TLS has agreed on.
    pub(crate) fn session(&self) -> Result<Session, Failure> {
        let session = self.transport.session();
        session.ok_or_else(|| Failure::job("the connection was not upgraded"))
    }

    /// Closes the connection, and waits until it is gone.
    pub(crate) async fn end(mut self) -> Result<(), Failure> {
        self.answered_by = Instant::now().checked_add(self.limit);
        self.transport.close();
        let received = &self.received;
        let gone = poll_fn(|cx| received.borrow_mut().poll_end(cx));
        self.in_time(gone).await
    }

    async fn in_time<T>(&self, what: impl Future<Output = T>) -> Result<T, Failure> {
        let left = self.answered_by.map_or(self.limit, |answered_by| {
            answered_by.saturating_duration_since(Instant::now())
        });
        let in_time = self.event_loop.timeout(left, what).await;
        in_time.map_err(|_| Failure::job("the server does not answer"))
    }
}

impl Received {
    fn poll_line(&mut self, cx: &Context<'_>) -> Poll<Result<String, String>> {
        let end = self.input.iter().position(|&byte| byte == b'\n');
        if end.unwrap_or(self.input.len()) > MAX_LINE {
            return Poll::Ready(Err("a line of the server is too long".to_owned()));
        }
        if let Some(end) = end {
            let line = self.input.split_to(end + 1);
            let text = String::from_utf8_lossy(&line);
            return Poll::Ready(Ok(text.trim_end().to_owned()));
        }
        self.poll_more(cx)
    }

    fn poll_bytes(&mut self, count: usize, cx: &Context<'_>) -> Poll<Result<Vec<u8>, String>> {
        if self.input.len() >= count {
            return Poll::Ready(Ok(self.input.split_to(count).to_vec()));
        }
        self.poll_more(cx)
    }

    /// Waits for more to come, and fails if nothing will.
    fn poll_more<T>(&mut self, cx: &Context<'_>) -> Poll<Result<T, String>> {
        if let Some(end) = &self.end {
            return Poll::Ready(Err(end.clone()));
        }
        self.waiting = Some(cx.waker().clone());
        Poll::Pending
    }

    fn poll_end(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.end.is_some() {
            return Poll::Ready(());
        }
        self.waiting = Some(cx.waker().clone());
        Poll::Pending
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }
}

impl Protocol for Received {
    fn data_received(&mut self, data: &[u8]) -> Outcome {
        self.input.extend_from_slice(data);
        self.wake();
        Ok(())
    }

    fn connection_lost(&mut self, error: Option<&io::Error>) -> Outcome {
        self.end = Some(match error {
            Some(error) => format!("the connection was lost: {error}"),
            None => "the server has closed the connection".to_owned(),
        });
        self.wake();
        Ok(())
    }
}
