//! Callbacks queued by `call_soon`.

use std::cell::Cell;
use std::rc::Rc;

use loopline::{EventLoop, EventLoopExt, Loop, LoopClosed, LoopHandle};

use crate::Fallible;
use crate::subject::Subject;
use crate::workload::CALLS_AT_ONCE;

pub(super) struct Calls(pub(super) Loop);

impl Subject for Calls {
    fn serve(&mut self, requests: u64) -> Fallible<()> {
        queue(self.0.handle(), Rc::new(Cell::new(requests)))?;
        Ok(self.0.run_forever()?)
    }
}

/// Queues a turn's callbacks, and itself behind them.
fn queue(event_loop: LoopHandle, missing: Rc<Cell<u64>>) -> Result<(), LoopClosed> {
    for _ in 0..CALLS_AT_ONCE {
        let missing = Rc::clone(&missing);
        event_loop.call_soon(move || missing.set(missing.get() - 1))?;
    }
    let next = event_loop.clone();
    event_loop.call_soon(move || match missing.get() {
        0 => {
            next.stop();
            Ok(())
        }
        _ => queue(next, missing),
    })?;
    Ok(())
}
