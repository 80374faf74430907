//! Descriptors watched by `add_reader`.

use std::cell::Cell;
use std::rc::Rc;

use loopline::{EventLoop, EventLoopExt, Loop};

use crate::Fallible;
use crate::bells::{Bell, Bells};
use crate::subject::Subject;

pub(super) struct Watch {
    event_loop: Loop,
    missing: Rc<Cell<u64>>,
    /// The callbacks have them too; they are open for as long as the loop is.
    _bells: Vec<Rc<Bell>>,
}

impl Watch {
    pub(super) fn new(event_loop: Loop, descriptors: usize, active: usize) -> Fallible<Self> {
        let missing = Rc::new(Cell::new(0_u64));
        let mut bells = Vec::new();
        for bell in Bells::hang(descriptors, active)?.into_all() {
            let bell = Rc::new(bell);
            let (rung, missing) = (Rc::clone(&bell), Rc::clone(&missing));
            let handle = event_loop.handle();
            event_loop.add_reader(&*bell, move || {
                rung.answer()?;
                let left = missing.get().saturating_sub(1);
                missing.set(left);
                if left == 0 {
                    handle.stop();
                }
                Ok::<(), std::io::Error>(())
            })?;
            bells.push(bell);
        }
        Ok(Self {
            event_loop,
            missing,
            _bells: bells,
        })
    }
}

impl Subject for Watch {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        self.missing.set(requests);
        Ok(self.event_loop.run_forever()?)
    }
}
