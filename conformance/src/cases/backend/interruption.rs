//! B8: an interruption is not an error.

use std::sync::Arc;
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
.alone()];

const KEY: Key = Key::new(7, 3);

fn a_stopped_process_is_no_error(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = sockets::pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    let waker = driver.waker();
    let over = Arc::new(AtomicBool::new(false));
    let about_to = Arc::clone(&over);
    let thread = thread::spawn(move || {
        let interrupted = os::interrupt();
        about_to.store(true, Ordering::SeqCst);
        waker.wake();
        interrupted
    });
    context.doing("waiting while the process is stopped and continued");
    while !over.load(Ordering::SeqCst) {
        assert!(driver.wait(None)?.is_empty());
        assert!(driver.wait(Some(Duration::from_millis(5)))?.is_empty());
    }
    thread
        .join()
        .unwrap_or_else(|payload| std::panic::resume_unwind(payload))
}
