//! Descriptors, and the waker.

use std::os::fd::AsRawFd;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};

use super::events;
use crate::Fallible;
use crate::bells::Bells;
use crate::neighbour::Neighbour;
use crate::subject::Subject;

pub(super) struct Watch {
    poll: Poll,
    events: Events,
    bells: Bells,
}

impl Watch {
    pub(super) fn new(descriptors: usize, active: usize) -> Fallible<Self> {
        let bells = Bells::hang(descriptors, active)?;
        let poll = Poll::new()?;
        for (number, bell) in bells.all().iter().enumerate() {
            let descriptor = bell.as_raw_fd();
            poll.registry().register(
                &mut SourceFd(&descriptor),
                Token(number),
                Interest::READABLE,
            )?;
        }
        Ok(Self {
            poll,
            events: events(),
            bells,
        })
    }
}

impl Subject for Watch {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let mut served = 0;
        while served < requests {
            self.poll.poll(&mut self.events, None)?;
            for event in &self.events {
                self.bells.all()[event.token().0].answer()?;
                served += 1;
            }
        }
        Ok(())
    }
}

pub(super) struct Wake {
    poll: Poll,
    events: Events,
    neighbour: Neighbour,
}

impl Wake {
    pub(super) fn new() -> Fallible<Self> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), Token(0))?;
        Ok(Self {
            poll,
            events: events(),
            neighbour: Neighbour::new(move || Ok(waker.wake()?)),
        })
    }
}

impl Subject for Wake {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        for _ in 0..requests {
            self.neighbour.act();
            self.poll.poll(&mut self.events, None)?;
        }
        Ok(())
    }
}
