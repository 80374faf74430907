//! The receiving end: reads into buffers of its own and hands them to the
//! hashing thread as they are.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use loopline::{BoxError, BufferedProtocol, Outcome, Protocol, Transport};

use crate::hasher::{Hashed, Hasher};

/// What was received in one leg.
pub(crate) struct Received {
    pub(crate) hashed: Hashed,
    /// When the last byte had arrived.
    pub(crate) at: Instant,
}

/// The protocol of the receiving end. It takes exactly as many bytes as it was
/// told to [expect](Self::expect).
pub(crate) struct Receiver {
    hasher: Hasher,
    /// None while hashing lags behind; then reading is paused.
    buffer: Option<Vec<u8>>,
    filled: usize,
    left: u64,
    transport: Option<Rc<dyn Transport>>,
    at: Instant,
    lost: Option<String>,
}

impl Receiver {
    pub(crate) fn new() -> Self {
        let hasher = Hasher::start();
        Self {
            buffer: hasher.buffer(),
            hasher,
            filled: 0,
            left: 0,
            transport: None,
            at: Instant::now(),
            lost: None,
        }
    }

    /// Takes what comes over another transport from now on.
    pub(crate) fn go_on_over(&mut self, transport: &Rc<dyn Transport>) {
        self.transport = Some(Rc::clone(transport));
    }

    /// Begins a leg of so many bytes.
    pub(crate) fn expect(&mut self, count: u64) {
        self.left = count;
        self.at = Instant::now();
        if count == 0 {
            self.hasher.end();
        }
    }

    /// What was received, when everything is there and hashed; or why nothing
    /// more comes.
    pub(crate) fn poll_received(
        receiver: &RefCell<Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Received, String>> {
        let this = &mut *receiver.borrow_mut();
        // Before looking, or a wake in between would be lost.
        this.hasher.waker().set(cx.waker());
        this.go_on();
        if let Some(hashed) = this.hasher.hashed() {
            let at = this.at;
            return Poll::Ready(Ok(Received { hashed, at }));
        }
        match this.lost.take() {
            Some(reason) => Poll::Ready(Err(reason)),
            None => Poll::Pending,
        }
    }

    /// Reads on as soon as there is a buffer again.
    fn go_on(&mut self) {
        if self.buffer.is_some() {
            return;
        }
        self.buffer = self.hasher.buffer();
        if let (Some(_), Some(transport)) = (&self.buffer, &self.transport) {
            transport.resume_reading();
        }
    }

    fn hand_over(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            self.hasher.hash(buffer, self.filled);
        }
        self.filled = 0;
        self.buffer = self.hasher.buffer();
        if let (None, Some(transport)) = (&self.buffer, &self.transport) {
            transport.pause_reading();
        }
    }
}

impl Protocol for Receiver {
    fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
        self.transport = Some(Rc::clone(transport));
        Ok(())
    }

    fn connection_lost(&mut self, error: Option<&io::Error>) -> Outcome {
        let reason = error.map_or_else(|| "it was closed".to_owned(), ToString::to_string);
        self.lost = Some(format!("the receiving end was lost: {reason}"));
        self.transport = None;
        self.hasher.waker().wake();
        Ok(())
    }

    fn as_buffered(&mut self) -> Option<&mut dyn BufferedProtocol> {
        Some(self)
    }
}

impl BufferedProtocol for Receiver {
    fn buffer(&mut self, _hint: Option<usize>) -> Result<&mut [u8], BoxError> {
        let buffer = self.buffer.as_mut().ok_or("reading is paused")?;
        // One byte more than expected, to notice what should not come.
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).max(1);
        let end = buffer.len().min(self.filled.saturating_add(room));
        Ok(&mut buffer[self.filled..end])
    }

    fn buffer_updated(&mut self, filled: usize) -> Outcome {
        self.left = self
            .left
            .checked_sub(filled as u64)
            .ok_or("more arrived than was sent")?;
        self.filled += filled;
        let full = self
            .buffer
            .as_ref()
            .is_some_and(|buffer| buffer.len() == self.filled);
        if self.left == 0 {
            self.at = Instant::now();
        }
        if full || self.left == 0 {
            self.hand_over();
        }
        if self.left == 0 {
            self.hasher.end();
        }
        Ok(())
    }
}
