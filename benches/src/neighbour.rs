//! Another thread of a subject, which acts when it is told to.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{self, Thread};

use crate::Fallible;

/// A thread that does one thing, as often as it is told to.
pub(crate) struct Neighbour {
    thread: Thread,
    /// How often it is to have acted.
    told: Arc<AtomicU64>,
}

impl Neighbour {
    /// Begins the thread, which ends with the process.
    pub(crate) fn new(act: impl Fn() -> Fallible<()> + Send + 'static) -> Self {
        let told = Arc::new(AtomicU64::new(0));
        let orders = Arc::clone(&told);
        let handle = thread::spawn(move || {
            let mut done = 0;
            loop {
                while done < orders.load(Ordering::Acquire) {
                    if let Err(problem) = act() {
                        // Whoever waits for it would wait for ever.
                        eprintln!("{problem}");
                        std::process::exit(1);
                    }
                    done += 1;
                }
                thread::park();
            }
        });
        Self {
            thread: handle.thread().clone(),
            told,
        }
    }

    /// Lets it act once more.
    pub(crate) fn act(&self) {
        self.told.fetch_add(1, Ordering::Release);
        self.thread.unpark();
    }
}

/// A thread that wakes a future whenever that asks it to.
pub(crate) struct Bellboy {
    signal: Arc<Signal>,
    neighbour: Neighbour,
}

#[derive(Default)]
struct Signal {
    rung: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Bellboy {
    pub(crate) fn new() -> Self {
        let signal = Arc::new(Signal::default());
        let rings = Arc::clone(&signal);
        let neighbour = Neighbour::new(move || {
            rings.rung.store(true, Ordering::Release);
            let waker = rings.waker.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(waker) = &*waker {
                waker.wake_by_ref();
            }
            Ok(())
        });
        Self { signal, neighbour }
    }

    /// Has itself woken so often.
    pub(crate) async fn ring(&self, times: u64) {
        for _ in 0..times {
            self.neighbour.act();
            poll_fn(|cx| self.poll_rung(cx)).await;
        }
    }

    fn poll_rung(&self, cx: &Context<'_>) -> Poll<()> {
        if self.signal.rung.swap(false, Ordering::Acquire) {
            return Poll::Ready(());
        }
        let waker = &self.signal.waker;
        let mut waker = waker.lock().unwrap_or_else(PoisonError::into_inner);
        if !waker
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            *waker = Some(cx.waker().clone());
        }
        drop(waker);
        // It may have rung before the waker was there.
        match self.signal.rung.swap(false, Ordering::Acquire) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}
