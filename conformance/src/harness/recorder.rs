//! A protocol that writes down how it is called.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Poll, Waker};

use loopline_core::{BoxError, Outcome, Protocol, Transport};

/// One call of a protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Made,
    Data(usize),
    Eof,
    Pause,
    Resume,
    /// With the kind of the error, if there was one.
    Lost(Option<io::ErrorKind>),
}

type Reaction = Box<dyn FnMut(&Call, &Rc<dyn Transport>) -> Outcome>;

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    data: Vec<u8>,
    transport: Option<Rc<dyn Transport>>,
    waiters: Vec<Waker>,
}

/// What a [`Recorder`] has written down; shared, so that it outlives it.
#[derive(Clone, Default)]
pub(crate) struct Log(Rc<RefCell<State>>);

impl Log {
    /// A protocol that writes here.
    pub(crate) fn recorder(&self) -> Recorder {
        Recorder {
            log: self.clone(),
            also: None,
            keep_open: false,
            reaction: None,
        }
    }

    /// Every call so far; runs of data are one call.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let mut joined: Vec<Call> = Vec::new();
        for call in &self.0.borrow().calls {
            match (joined.last_mut(), call) {
                (Some(Call::Data(total)), Call::Data(more)) => *total += more,
                _ => joined.push(call.clone()),
            }
        }
        joined
    }

    /// Every byte so far.
    pub(crate) fn data(&self) -> Vec<u8> {
        self.0.borrow().data.clone()
    }

    /// The transport of the connection, once it was made.
    pub(crate) fn transport(&self) -> Option<Rc<dyn Transport>> {
        self.0.borrow().transport.clone()
    }

    /// Knows a transport whose `connection_made` it was not told.
    pub(crate) fn adopt(&self, transport: &Rc<dyn Transport>) {
        self.0.borrow_mut().transport = Some(Rc::clone(transport));
    }

    /// Lets go of the transport.
    pub(crate) fn forget_transport(&self) {
        let transport = self.0.borrow_mut().transport.take();
        drop(transport);
    }

    /// How often a call has been made.
    pub(crate) fn count(&self, which: impl Fn(&Call) -> bool) -> usize {
        self.0
            .borrow()
            .calls
            .iter()
            .filter(|call| which(call))
            .count()
    }

    /// Waits until the log is as `enough` wants it.
    pub(crate) async fn until(&self, enough: impl Fn(&[Call], &[u8]) -> bool) {
        poll_fn(|cx| {
            let mut state = self.0.borrow_mut();
            if enough(&state.calls, &state.data) {
                return Poll::Ready(());
            }
            state.waiters.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Waits for so many bytes.
    pub(crate) async fn until_data(&self, count: usize) {
        self.until(|_, data| data.len() >= count).await;
    }

    /// Waits for `connection_lost`, and returns what it was told.
    pub(crate) async fn until_lost(&self) -> Option<io::ErrorKind> {
        let is_lost = |call: &Call| matches!(call, Call::Lost(_));
        self.until(|calls, _| calls.iter().any(is_lost)).await;
        self.calls().iter().find_map(|call| match call {
            Call::Lost(kind) => *kind,
            _ => None,
        })
    }

    fn note(&self, call: &Call) {
        let waiters = {
            let mut state = self.0.borrow_mut();
            state.calls.push(call.clone());
            std::mem::take(&mut state.waiters)
        };
        for waiter in waiters {
            waiter.wake();
        }
    }
}

/// A protocol that writes down how it is called, and may react.
pub(crate) struct Recorder {
    log: Log,
    also: Option<Log>,
    keep_open: bool,
    reaction: Option<Reaction>,
}

impl Recorder {
    /// Answers `true` to the end of the stream.
    pub(crate) fn keep_open(mut self) -> Self {
        self.keep_open = true;
        self
    }

    /// Writes its calls, without the data, into a second log too.
    pub(crate) fn noting(mut self, log: Log) -> Self {
        self.also = Some(log);
        self
    }

    /// Does this after each call has been written down; its error is what the
    /// callback answers.
    pub(crate) fn reacting(
        mut self,
        reaction: impl FnMut(&Call, &Rc<dyn Transport>) -> Outcome + 'static,
    ) -> Self {
        self.reaction = Some(Box::new(reaction));
        self
    }

    fn called(&mut self, call: &Call) -> Outcome {
        self.log.note(call);
        if let Some(also) = &self.also {
            also.note(call);
        }
        let transport = self.log.transport();
        match (&mut self.reaction, transport) {
            (Some(reaction), Some(transport)) => reaction(call, &transport),
            _ => Ok(()),
        }
    }
}

impl Protocol for Recorder {
    fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
        for log in std::iter::once(&self.log).chain(&self.also) {
            log.0.borrow_mut().transport = Some(Rc::clone(transport));
        }
        self.called(&Call::Made)
    }

    fn data_received(&mut self, data: &[u8]) -> Outcome {
        self.log.0.borrow_mut().data.extend_from_slice(data);
        self.called(&Call::Data(data.len()))
    }

    fn eof_received(&mut self) -> Result<bool, BoxError> {
        self.called(&Call::Eof)?;
        Ok(self.keep_open)
    }

    fn connection_lost(&mut self, error: Option<&io::Error>) -> Outcome {
        self.called(&Call::Lost(error.map(io::Error::kind)))
    }

    fn pause_writing(&mut self) -> Outcome {
        self.called(&Call::Pause)
    }

    fn resume_writing(&mut self) -> Outcome {
        self.called(&Call::Resume)
    }
}
