//! Timers set by `call_later`.

use std::cell::Cell;
use std::rc::Rc;

use loopline::{EventLoop, EventLoopExt, Loop, TimerHandle};

use crate::Fallible;
use crate::delays::Delays;
use crate::subject::Subject;

pub(super) struct Fire(pub(super) Loop);

impl Subject for Fire {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let missing = Rc::new(Cell::new(requests));
        for delay in Delays::of(requests) {
            let missing = Rc::clone(&missing);
            let handle = self.0.handle();
            self.0.call_later(delay, move || {
                missing.set(missing.get() - 1);
                if missing.get() == 0 {
                    handle.stop();
                }
            })?;
        }
        Ok(self.0.run_forever()?)
    }
}

pub(super) struct Cancel(pub(super) Loop);

impl Subject for Cancel {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let fired = Rc::new(Cell::new(0_u64));
        let mut handles: Vec<TimerHandle> = Vec::with_capacity(requests as usize);
        for delay in Delays::of(requests) {
            let fired = Rc::clone(&fired);
            let callback = move || fired.set(fired.get() + 1);
            handles.push(self.0.call_later(delay, callback)?);
        }
        for handle in handles {
            handle.cancel();
        }
        Ok(())
    }
}
