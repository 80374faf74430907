//! B8: an interruption is not an error.

use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use loopline_core::backend::{Interest, Key};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::driver::Driver;
use crate::harness::{os, sockets};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[case!(
    B8,
    a_stopped_process_is_no_error,
    "A wait during which the process is stopped and continued brings nothing, and no error."
)
.needs(Need::INTERRUPTIONS)
.isolated()];

const KEY: Key = Key::new(7, 3);

fn a_stopped_process_is_no_error(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = sockets::pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    let waker = driver.waker();
    let over = AtomicBool::new(false);
    context.doing("waiting while the process is stopped and continued");
    // However the case ends, no other one begins before the stopping does.
    thread::scope(|scope| {
        let stopping = scope.spawn(|| {
            let interrupted = os::interrupt();
            over.store(true, Ordering::SeqCst);
            waker.wake();
            interrupted
        });
        while !over.load(Ordering::SeqCst) {
            assert!(driver.wait(None)?.is_empty());
            assert!(driver.wait(Some(Duration::from_millis(5)))?.is_empty());
        }
        stopping
            .join()
            .unwrap_or_else(|payload| panic::resume_unwind(payload))
    })
}
