//! One loop on each of several threads.

use std::future::Future;
use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Builder, Scope, ScopedJoinHandle};

use loopline_core::{EventLoop, LoopHandle, Remote, RunError};
use thiserror::Error;

use crate::Loop;

/// Why [`run_on_threads`] has no results.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ThreadsError {
    /// No thread was asked for.
    #[error("a program cannot run on 0 threads")]
    NoThreads,
    /// A thread could not be started, or its loop not be made. Nothing was run.
    #[error("thread {thread} cannot have a loop")]
    Start {
        /// The number of the thread, from 0.
        thread: usize,
        /// What the system has answered.
        source: io::Error,
    },
    /// A loop has ended before its future; the others were stopped.
    #[error("the loop of thread {thread} failed")]
    Run {
        /// The number of the thread, from 0.
        thread: usize,
        /// Why the loop has ended.
        source: RunError,
    },
}

/// Runs a future on each of `threads` loops, every one in a thread of its own,
/// and returns what the futures give, in the order of the threads.
///
/// A loop uses one core. A server uses several by listening in each of them with
/// [`reuse_port`](crate::ServerOptions::reuse_port): the kernel then spreads the
/// connections, and one that was accepted stays on its thread, so that nothing
/// needs a lock. Contexts for TLS and whatever else `body` borrows are shared.
///
/// The futures begin once every loop is made. Each thread waits for its own
/// future alone; [`Remote::stop`] of a loop ends that one early, and with it all.
///
/// ```
/// # #[cfg(all(unix, feature = "epoll", target_os = "linux"))] {
/// use loopline::prelude::*;
///
/// let answers = loopline::run_on_threads(2, |event_loop| async move {
///     event_loop.sleep(std::time::Duration::from_millis(1)).await;
///     42
/// })?;
/// assert_eq!(answers, [42, 42]);
/// # }
/// # Ok::<(), loopline::ThreadsError>(())
/// ```
///
/// # Errors
///
/// [`ThreadsError`]: `threads` is 0, or a thread or a loop could not be made, or
/// a loop ended without its future being ready.
///
/// # Panics
///
/// With what a body, a callback or a task panics with, after the other loops
/// were stopped.
pub fn run_on_threads<F, B>(threads: usize, body: B) -> Result<Vec<F::Output>, ThreadsError>
where
    B: Fn(LoopHandle) -> F + Sync,
    F: Future,
    F::Output: Send,
{
    if threads == 0 {
        return Err(ThreadsError::NoThreads);
    }
    let crew = Crew::default();
    thread::scope(|scope| {
        // If one of them has no loop, the others get no word, and end.
        let members = (0..threads)
            .map(|thread| Member::start(scope, thread, &crew, &body))
            .collect::<Result<Vec<_>, _>>()?;
        let remotes = members.iter().map(Member::remote);
        crew.set_remotes(remotes.collect::<Result<_, _>>()?);
        members.iter().for_each(Member::begin);
        let mut ends: Vec<_> = members.into_iter().map(Member::join).collect();
        if let Some(&first) = crew.first_failure.get() {
            // The others have only been stopped because of it.
            ends.swap(0, first);
        }
        ends.into_iter().map(End::into_result).collect()
    })
}

/// What the threads share.
#[derive(Default)]
struct Crew {
    remotes: Mutex<Vec<Remote>>,
    first_failure: OnceLock<usize>,
}

impl Crew {
    fn remotes(&self) -> MutexGuard<'_, Vec<Remote>> {
        // It is only ever replaced as a whole.
        self.remotes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_remotes(&self, remotes: Vec<Remote>) {
        *self.remotes() = remotes;
    }

    fn stop_all(&self) {
        self.remotes().iter().for_each(Remote::stop);
    }
}

/// Stops every loop if its thread does not come to a good end.
struct Guard<'a> {
    crew: &'a Crew,
    thread: usize,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        // Only the first one counts.
        let _ = self.crew.first_failure.set(self.thread);
        self.crew.stop_all();
    }
}

/// A thread, as the one sees it that has started it.
struct Member<'scope, T> {
    thread: usize,
    /// Its loop, once that is made.
    made: Receiver<io::Result<Remote>>,
    /// The word that it waits for.
    word: Sender<()>,
    handle: ScopedJoinHandle<'scope, Result<T, RunError>>,
}

impl<'scope, T: Send + 'scope> Member<'scope, T> {
    fn start<F, B>(
        scope: &'scope Scope<'scope, '_>,
        thread: usize,
        crew: &'scope Crew,
        body: &'scope B,
    ) -> Result<Self, ThreadsError>
    where
        B: Fn(LoopHandle) -> F + Sync,
        F: Future<Output = T>,
    {
        let (report, made) = channel();
        let (word, begin) = channel();
        let handle = Builder::new()
            .name(format!("loop {thread}"))
            .spawn_scoped(scope, move || work(thread, crew, body, &report, &begin))
            .map_err(|source| ThreadsError::Start { thread, source })?;
        Ok(Self {
            thread,
            made,
            word,
            handle,
        })
    }

    fn remote(&self) -> Result<Remote, ThreadsError> {
        let made = self.made.recv();
        made.unwrap_or_else(|_| Err(io::Error::other("its thread has panicked")))
            .map_err(|source| ThreadsError::Start {
                thread: self.thread,
                source,
            })
    }

    fn begin(&self) {
        // It waits for nothing else.
        let _ = self.word.send(());
    }

    fn join(self) -> End<T> {
        End {
            thread: self.thread,
            result: self.handle.join(),
        }
    }
}

/// What a thread does.
fn work<F, B>(
    thread: usize,
    crew: &Crew,
    body: &B,
    report: &Sender<io::Result<Remote>>,
    begin: &Receiver<()>,
) -> Result<F::Output, RunError>
where
    B: Fn(LoopHandle) -> F,
    F: Future,
{
    let event_loop = match Loop::new() {
        Ok(event_loop) => event_loop,
        Err(error) => {
            let _ = report.send(Err(error));
            return Err(RunError::Stopped);
        }
    };
    let _ = report.send(Ok(event_loop.remote()));
    if begin.recv().is_err() {
        return Err(RunError::Stopped);
    }
    let guard = Guard { crew, thread };
    let output = event_loop.run_until_complete(body(event_loop.handle()))?;
    std::mem::forget(guard);
    Ok(output)
}

/// How a thread has ended.
struct End<T> {
    thread: usize,
    result: thread::Result<Result<T, RunError>>,
}

impl<T> End<T> {
    fn into_result(self) -> Result<T, ThreadsError> {
        self.result
            .unwrap_or_else(|payload| resume_unwind(payload))
            .map_err(|source| ThreadsError::Run {
                thread: self.thread,
                source,
            })
    }
}
