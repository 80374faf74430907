//! Descriptors watched by a bare epoll loop.

use nix::sys::epoll::{Epoll, EpollEvent, EpollTimeout};

use super::{BATCH, new_epoll, readable};
use crate::Fallible;
use crate::bells::Bells;
use crate::subject::Subject;

pub(super) struct Watch {
    bells: Bells,
    epoll: Epoll,
}

impl Watch {
    pub(super) fn new(descriptors: usize, active: usize) -> Fallible<Self> {
        let bells = Bells::hang(descriptors, active)?;
        let epoll = new_epoll()?;
        for (number, bell) in bells.all().iter().enumerate() {
            epoll.add(bell, readable(number))?;
        }
        Ok(Self { bells, epoll })
    }
}

impl Subject for Watch {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let mut served = 0;
        let mut events = [EpollEvent::empty(); BATCH];
        while served < requests {
            let ready = self.epoll.wait(&mut events, EpollTimeout::NONE)?;
            for event in &events[..ready] {
                self.bells.all()[event.data() as usize].answer()?;
            }
            served += ready as u64;
        }
        Ok(())
    }
}
