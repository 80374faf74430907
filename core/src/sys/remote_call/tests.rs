//! Every order in which the two halves can do what they do, one thing after the
//! other; and, for what happens at the same time, two threads.

use std::cell::RefCell;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Barrier};
use std::thread;

use super::*;

/// What becomes of a callback.
#[derive(Default)]
struct Fate {
    run: AtomicUsize,
    dropped: AtomicUsize,
}

impl Fate {
    fn run(&self) -> usize {
        self.run.load(Ordering::SeqCst)
    }

    fn dropped(&self) -> usize {
        self.dropped.load(Ordering::SeqCst)
    }
}

struct Witness(Arc<Fate>);

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

fn callback(fate: &Arc<Fate>) -> SendClosure {
    let witness = Witness(Arc::clone(fate));
    SendClosure::new(move || {
        witness.0.run.fetch_add(1, Ordering::SeqCst);
        Ok(())
    })
}

/// What the loop does with its half.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Queue {
    /// Takes the callback out, and runs it if it may.
    Claim,
    /// Says that it is over.
    End,
    /// Drops its half, as a loop does that is closed.
    Drop,
}

/// What a thread does with its handle.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Handle {
    Cancel,
    Await,
    Drop,
}

/// One order of the steps of both, and what has come of it so far.
struct Play {
    fate: Arc<Fate>,
    queued: Option<Queued>,
    held: Option<Held>,
    running: Option<Running>,
    spare: Option<Spare>,
    cancelled: bool,
    awaited: bool,
}

impl Play {
    fn new(spare: Option<Spare>) -> Self {
        let fate = Arc::default();
        let (queued, held) = share(callback(&fate), spare);
        Self {
            fate,
            queued: Some(queued),
            held: Some(held),
            running: None,
            spare: None,
            cancelled: false,
            awaited: false,
        }
    }

    fn queue(&mut self, step: Queue) {
        match step {
            Queue::Claim => match self.queued.take().expect("a half").claim() {
                Claim::Alone(callback, spare) => {
                    assert!(self.held.is_none(), "somebody has a handle");
                    callback.call().expect("no error");
                    self.spare = Some(spare);
                }
                Claim::Shared(callback, running) => {
                    callback.call().expect("no error");
                    self.running = Some(running);
                }
                Claim::Cancelled => assert!(self.cancelled, "nobody has cancelled it"),
            },
            Queue::End => {
                if let Some(running) = self.running.take() {
                    let told = running.end();
                    assert!(told || !self.awaited, "somebody waits for ever");
                }
            }
            Queue::Drop => drop(self.queued.take()),
        }
    }

    fn handle(&mut self, step: Handle) {
        let held = self.held.as_ref().expect("a half");
        match step {
            Handle::Cancel => {
                let in_time = self.fate.run() + self.fate.dropped() == 0;
                assert_eq!(held.cancel().is_some(), in_time);
                assert_eq!(self.fate.dropped(), 1, "it is kept");
                assert!(held.cancelled());
                self.cancelled |= in_time;
            }
            Handle::Await => {
                assert_eq!(held.is_running(), self.running.is_some());
                assert_eq!(held.await_end(), self.running.is_some());
                self.awaited |= self.running.is_some();
            }
            Handle::Drop => drop(self.held.take()),
        }
    }
}

/// Calls `each` with every order of `queue`'s and `handle`'s steps.
fn in_every_order(
    queue: &[Queue],
    handle: &[Handle],
    order: &mut Vec<bool>,
    each: &mut dyn FnMut(&[bool]),
) {
    let done = order.iter().filter(|&&of_queue| of_queue).count();
    if order.len() == queue.len() + handle.len() {
        return each(order);
    }
    for of_queue in [true, false] {
        let left = match of_queue {
            true => done < queue.len(),
            false => order.len() - done < handle.len(),
        };
        if left {
            order.push(of_queue);
            in_every_order(queue, handle, order, each);
            order.pop();
        }
    }
}

#[test]
fn in_every_order_a_callback_is_run_or_dropped_once() {
    use Handle::{Await, Cancel, Drop};
    let queues: [&[Queue]; 2] = [&[Queue::Claim, Queue::End], &[Queue::Drop]];
    let handles: [&[Handle]; 6] = [
        &[Drop],
        &[Cancel, Drop],
        &[Await, Drop],
        &[Cancel, Await, Drop],
        &[Await, Cancel, Drop],
        &[Cancel, Await, Cancel, Await, Drop],
    ];
    // Memory goes from one play to the next where that is allowed.
    let spare = RefCell::new(None);
    let mut plays = 0;
    for queue in queues {
        for handle in handles {
            in_every_order(queue, handle, &mut Vec::new(), &mut |order| {
                let mut play = Play::new(spare.take());
                let (mut queue, mut handle) = (queue.iter(), handle.iter());
                for &of_queue in order {
                    match of_queue {
                        true => play.queue(*queue.next().expect("a step")),
                        false => play.handle(*handle.next().expect("a step")),
                    }
                }
                assert_eq!(play.fate.dropped(), 1, "{order:?}");
                let closed = queue.len() == 0 && play.running.is_some();
                assert!(!closed, "nobody has ended it");
                if play.cancelled {
                    assert_eq!(play.fate.run(), 0, "it ran all the same: {order:?}");
                }
                spare.replace(play.spare);
                plays += 1;
            });
        }
    }
    assert!(plays > 60, "{plays} orders");
}

/// Does one thing with the queue's halves of many callbacks, and another one in
/// another thread with their handles'. Answers how many have run.
fn race(queue: impl Fn(Queued) + Sync, handle: impl Fn(Held) + Sync) -> usize {
    let fates: Vec<Arc<Fate>> = (0..ROUNDS).map(|_| Arc::default()).collect();
    let halves = fates.iter().map(|fate| share(callback(fate), None));
    let (queued, held): (Vec<_>, Vec<_>) = halves.unzip();
    let begin = Barrier::new(2);
    thread::scope(|threads| {
        threads.spawn(|| {
            begin.wait();
            queued.into_iter().for_each(&queue);
        });
        threads.spawn(|| {
            begin.wait();
            held.into_iter().for_each(&handle);
        });
    });
    assert!(fates.iter().all(|fate| fate.dropped() == 1));
    fates.iter().map(|fate| fate.run()).sum()
}

const ROUNDS: usize = 20_000;

fn run(queued: Queued) {
    match queued.claim() {
        Claim::Alone(callback, _) => callback.call().expect("no error"),
        Claim::Shared(callback, running) => {
            callback.call().expect("no error");
            running.end();
        }
        Claim::Cancelled => {}
    }
}

#[test]
fn a_race_to_the_callback_has_one_winner() {
    let in_time = AtomicUsize::new(0);
    let runs = race(run, |held| {
        let cancelled = held.cancel().is_some();
        in_time.fetch_add(cancelled.into(), Ordering::SeqCst);
    });
    assert_eq!(runs + in_time.into_inner(), ROUNDS);
    assert_eq!(race(drop, |held| drop(held.cancel())), 0);
    assert_eq!(race(run, drop), ROUNDS);
}
