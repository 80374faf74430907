//! A watched pipe: a thread writes into it at a steady pace how far sending has
//! come, and the loop reads that while it sends.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use loopline::{EventLoop, EventLoopExt, LoopHandle};

use crate::pipe::{self, Pipe};

/// How often the thread writes.
const PACE: Duration = Duration::from_millis(10);
/// How long a message is, in bytes: one number.
const MESSAGE: usize = size_of::<u64>();

/// What the watch has seen while files were sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Watched {
    ticks: u64,
    time: Duration,
    longest: Duration,
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "watched pipe: {} ticks in {:.2} s of sending, at most {} ms apart",
            self.ticks,
            self.time.as_secs_f64(),
            self.longest.as_millis()
        )
    }
}

/// The pipe, its thread, and what the loop makes of it.
pub(crate) struct Ticks {
    event_loop: LoopHandle,
    near: Rc<Pipe>,
    far: Arc<Pipe>,
    state: Rc<State>,
    sent: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

struct State {
    /// The leg that is under way.
    leg: Cell<Option<Leg>>,
    /// Taken out to be moved.
    bar: Cell<Option<ProgressBar>>,
    watched: Cell<Watched>,
}

#[derive(Clone, Copy)]
struct Leg {
    begun: Instant,
    last: Instant,
}

impl State {
    fn tick(&self, sent: u64) {
        let Some(mut leg) = self.leg.get() else {
            return;
        };
        let now = Instant::now();
        let mut watched = self.watched.get();
        watched.ticks += 1;
        watched.longest = watched.longest.max(now - leg.last);
        self.watched.set(watched);
        leg.last = now;
        self.leg.set(Some(leg));
        if let Some(bar) = self.bar.take() {
            bar.set_position(sent);
            self.bar.set(Some(bar));
        }
    }
}

impl Ticks {
    /// Begins to write, and to watch.
    ///
    /// # Errors
    ///
    /// What the system or the loop answers.
    pub(crate) fn start(event_loop: &LoopHandle) -> io::Result<Self> {
        let (near, far) = pipe::pair()?;
        near.set_nonblocking(true)?;
        let near = Rc::new(near);
        let state = Rc::new(State {
            leg: Cell::new(None),
            bar: Cell::new(None),
            watched: Cell::default(),
        });
        let (watched, told) = (Rc::clone(&near), Rc::clone(&state));
        event_loop.add_reader(&*near, move || read(&watched, &told))?;
        let sent = Arc::new(AtomicU64::new(0));
        let progress = Arc::clone(&sent);
        let far = Arc::new(far);
        let written = Arc::clone(&far);
        Ok(Self {
            event_loop: event_loop.clone(),
            near,
            state,
            sent,
            far,
            thread: Some(thread::spawn(move || write(&written, &progress))),
        })
    }

    /// Where the progress of sending is to be told.
    pub(crate) fn sent(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.sent)
    }

    /// A leg begins; the bar shows how far it is.
    pub(crate) fn begin(&self, bar: ProgressBar) {
        let now = Instant::now();
        self.sent.store(0, Ordering::Relaxed);
        self.state.bar.set(Some(bar));
        self.state.leg.set(Some(Leg {
            begun: now,
            last: now,
        }));
    }

    /// The leg has ended.
    pub(crate) fn end(&self) {
        if let Some(bar) = self.state.bar.take() {
            bar.set_position(self.sent.load(Ordering::Relaxed));
            bar.abandon();
        }
        if let Some(leg) = self.state.leg.take() {
            let mut watched = self.state.watched.get();
            watched.time += leg.begun.elapsed();
            watched.longest = watched.longest.max(leg.last.elapsed());
            self.state.watched.set(watched);
        }
    }

    /// What was seen in all legs.
    pub(crate) fn watched(&self) -> Watched {
        self.state.watched.get()
    }
}

impl Drop for Ticks {
    fn drop(&mut self) {
        self.end();
        // Neither can fail in a way that matters. The end that is written to is
        // shut: with TCP, writing does not notice what happens to the other one.
        let _ = self.event_loop.remove_reader(&self.near);
        let _ = self.far.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Takes one message: as the watch is level-triggered, another one calls again.
fn read(pipe: &Pipe, state: &State) -> io::Result<()> {
    let mut message = [0; MESSAGE];
    match (&*pipe).read_exact(&mut message) {
        Ok(()) => state.tick(u64::from_le_bytes(message)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Writes until this end is shut.
fn write(pipe: &Pipe, progress: &AtomicU64) {
    loop {
        thread::sleep(PACE);
        let sent = progress.load(Ordering::Relaxed);
        if (&*pipe).write_all(&sent.to_le_bytes()).is_err() {
            return;
        }
    }
}
