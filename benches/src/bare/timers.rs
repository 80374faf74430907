//! Timers in a binary heap.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollEvent, EpollTimeout};

use super::new_epoll;
use crate::Fallible;
use crate::delays::Delays;
use crate::subject::Subject;

type Callback = Box<dyn FnOnce()>;

struct Timer {
    when: Instant,
    callback: Callback,
}

impl Ord for Timer {
    /// The earliest is the greatest: that is what the heap has on its top.
    fn cmp(&self, other: &Self) -> Ordering {
        other.when.cmp(&self.when)
    }
}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.when == other.when
    }
}

impl Eq for Timer {}

/// The heap with the callbacks in it.
pub(super) struct Fire {
    epoll: Epoll,
    heap: BinaryHeap<Timer>,
}

impl Fire {
    pub(super) fn new() -> Fallible<Self> {
        Ok(Self {
            epoll: new_epoll()?,
            heap: BinaryHeap::new(),
        })
    }

    fn wait(&self, until: Instant) -> Fallible<()> {
        let left = until.saturating_duration_since(Instant::now());
        let millis = left.as_nanos().div_ceil(1_000_000);
        let timeout = EpollTimeout::try_from(millis)?;
        self.epoll.wait(&mut [EpollEvent::empty()], timeout)?;
        Ok(())
    }
}

impl Subject for Fire {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let fired = Rc::new(Cell::new(0));
        for delay in Delays::of(requests) {
            let fired = Rc::clone(&fired);
            self.heap.push(Timer {
                when: Instant::now() + delay,
                callback: Box::new(move || fired.set(fired.get() + 1)),
            });
        }
        while let Some(next) = self.heap.peek() {
            self.wait(next.when)?;
            let now = Instant::now();
            while self.heap.peek().is_some_and(|timer| timer.when <= now) {
                if let Some(due) = self.heap.pop() {
                    (due.callback)();
                }
            }
        }
        if fired.get() != requests {
            return Err("not every timer has fired".into());
        }
        Ok(())
    }
}

/// The heap with the numbers of the callbacks, which lie beside it; those of
/// cancelled ones go as soon as they are most of it.
#[derive(Default)]
pub(super) struct Cancel {
    heap: BinaryHeap<(std::cmp::Reverse<Instant>, u32)>,
    callbacks: Vec<Option<Callback>>,
    cancelled: usize,
}

impl Cancel {
    fn set(&mut self, delay: Duration, callback: Callback) -> u32 {
        let number = self.callbacks.len() as u32;
        self.callbacks.push(Some(callback));
        let when = Instant::now() + delay;
        self.heap.push((std::cmp::Reverse(when), number));
        number
    }

    fn cancel(&mut self, number: u32) {
        self.callbacks[number as usize] = None;
        self.cancelled += 1;
        if self.cancelled * 2 > self.heap.len() {
            let callbacks = &self.callbacks;
            self.heap
                .retain(|(_, number)| callbacks[*number as usize].is_some());
            self.cancelled = 0;
        }
    }
}

impl Subject for Cancel {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let fired = Rc::new(Cell::new(0_u64));
        let mut numbers = Vec::with_capacity(requests as usize);
        for delay in Delays::of(requests) {
            let fired = Rc::clone(&fired);
            let callback = Box::new(move || fired.set(fired.get() + 1));
            numbers.push(self.set(delay, callback));
        }
        for number in numbers {
            self.cancel(number);
        }
        self.callbacks.clear();
        match self.heap.is_empty() {
            true => Ok(()),
            false => Err("a timer is left".into()),
        }
    }
}
