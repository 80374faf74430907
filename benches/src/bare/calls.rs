//! Callbacks in a queue.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use nix::sys::epoll::{Epoll, EpollEvent, EpollTimeout};

use super::new_epoll;
use crate::Fallible;
use crate::subject::Subject;
use crate::workload::CALLS_AT_ONCE;

pub(super) struct Calls {
    epoll: Epoll,
    ready: VecDeque<Box<dyn FnOnce()>>,
    done: Rc<Cell<u64>>,
}

impl Calls {
    pub(super) fn new() -> Fallible<Self> {
        Ok(Self {
            epoll: new_epoll()?,
            ready: VecDeque::new(),
            done: Rc::default(),
        })
    }
}

impl Subject for Calls {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.done.set(0);
        while self.done.get() < requests {
            for _ in 0..CALLS_AT_ONCE {
                let done = Rc::clone(&self.done);
                self.ready
                    .push_back(Box::new(move || done.set(done.get() + 1)));
            }
            let mut event = [EpollEvent::empty()];
            self.epoll.wait(&mut event, EpollTimeout::ZERO)?;
            for _ in 0..self.ready.len() {
                if let Some(callback) = self.ready.pop_front() {
                    callback();
                }
            }
        }
        Ok(())
    }
}
