//! What a loop has done, counted.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::{Engine, Todo};

/// What a loop has done since it was made, and what it has now: for graphs.
/// Counters only grow.
///
/// Counting costs an addition for each turn, callback, read and write. The two
/// durations cost two looks at the clock for each turn, and so are measured only
/// where that is [switched on](crate::EventLoop::set_time_measured).
///
/// ```
/// use loopline_core::{EventLoop, Metrics};
///
/// fn busy_share(event_loop: &dyn EventLoop) -> f64 {
///     let Metrics { waiting, working, .. } = event_loop.metrics();
///     working.as_secs_f64() / (waiting + working).as_secs_f64()
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Turns, which is how often the backend was waited for.
    pub turns: u64,
    /// What the waits have brought: descriptors that were ready, and ends of jobs
    /// of the kernel.
    pub events: u64,
    /// What was run from the queue and by timers: callbacks, polls of tasks, ends
    /// of connections.
    pub callbacks: u64,
    /// For how long the loop has waited, while that was measured.
    pub waiting: Duration,
    /// For how long it has run and not waited, while that was measured.
    pub working: Duration,
    /// What is watched now: transports and what is put onto them, listening
    /// sockets, watched descriptors, what is waited for.
    pub sources: usize,
    /// Timers that have neither run nor been cancelled.
    pub timers: usize,
    /// Bytes that transports have received; over TLS as they came.
    pub bytes_in: u64,
    /// Bytes that transports have sent, files included; over TLS as they left.
    pub bytes_out: u64,
    /// Files that were sent inside the kernel.
    pub sendfile_native: u64,
    /// Files that were read and written. One that was begun inside the kernel and
    /// went on like this counts twice.
    pub sendfile_fallback: u64,
}

/// The counters. A loop has one thread.
#[derive(Default)]
pub(crate) struct Counters {
    turns: Cell<u64>,
    events: Cell<u64>,
    callbacks: Cell<u64>,
    bytes_in: Cell<u64>,
    bytes_out: Cell<u64>,
    sendfile_native: Cell<u64>,
    sendfile_fallback: Cell<u64>,
    waiting: Cell<Duration>,
    working: Cell<Duration>,
    /// When the wait began that has not ended.
    asleep: Cell<Option<Instant>>,
    /// When the last wait ended, if that is known and the loop still runs.
    awake: Cell<Option<Instant>>,
}

#[inline]
fn add(counter: &Cell<u64>, count: u64) {
    counter.set(counter.get().wrapping_add(count));
}

impl Counters {
    #[inline]
    pub(super) fn turn(&self) {
        add(&self.turns, 1);
    }

    #[inline]
    pub(super) fn event(&self) {
        add(&self.events, 1);
    }

    #[inline]
    pub(super) fn callback(&self) {
        add(&self.callbacks, 1);
    }

    #[inline]
    pub(crate) fn received(&self, count: usize) {
        add(&self.bytes_in, count as u64);
    }

    #[inline]
    pub(crate) fn sent(&self, count: u64) {
        add(&self.bytes_out, count);
    }

    pub(crate) fn file_sent_natively(&self) {
        add(&self.sendfile_native, 1);
    }

    pub(crate) fn file_copied(&self) {
        add(&self.sendfile_fallback, 1);
    }

    /// A wait begins; what was before it was work.
    pub(super) fn waits(&self, now: Instant) {
        self.worked(now);
        self.asleep.set(Some(now));
    }

    fn worked(&self, now: Instant) {
        if let Some(since) = self.awake.take() {
            let worked = now.saturating_duration_since(since);
            self.working.set(self.working.get() + worked);
        }
    }

    /// A wait has ended.
    fn waited(&self, now: Instant) {
        if let Some(since) = self.asleep.take() {
            let waited = now.saturating_duration_since(since);
            self.waiting.set(self.waiting.get() + waited);
            self.awake.set(Some(now));
        }
    }
}

impl Engine {
    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn set_time_measured(&self, measured: bool) {
        self.stop_measuring();
        if measured {
            self.note(Todo::MEASURE);
        } else {
            self.done_with(Todo::MEASURE);
        }
    }

    /// A wait has ended, if time is measured.
    #[inline]
    pub(super) fn waited(&self) {
        if self.has_todo(Todo::MEASURE) {
            self.counters.waited(self.now());
        }
    }

    /// What is done now is no work of the loop, or nobody wants to know.
    pub(super) fn stop_measuring(&self) {
        if self.has_todo(Todo::MEASURE) {
            self.counters.worked(self.now());
        }
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let counters = &self.counters;
        let since = counters.awake.get();
        let working = since.map(|since| self.now().saturating_duration_since(since));
        Metrics {
            turns: counters.turns.get(),
            events: counters.events.get(),
            callbacks: counters.callbacks.get(),
            waiting: counters.waiting.get(),
            working: counters.working.get() + working.unwrap_or_default(),
            sources: self.slots.borrow().owners().count(),
            timers: self.snapshot().timers,
            bytes_in: counters.bytes_in.get(),
            bytes_out: counters.bytes_out.get(),
            sendfile_native: counters.sendfile_native.get(),
            sendfile_fallback: counters.sendfile_fallback.get(),
        }
    }
}
