//! SIGINT and SIGTERM, or what a console of Windows has in their place.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use loopline::{LoopHandle, SignalExt, SignalKind};

/// What asks a program to end.
#[cfg(unix)]
const KINDS: &[SignalKind] = &[SignalKind::interrupt(), SignalKind::terminate()];
#[cfg(not(unix))]
const KINDS: &[SignalKind] = &[SignalKind::interrupt()];

/// Calls `stop` for each SIGINT or SIGTERM; on Windows for each Ctrl-C and
/// Ctrl-Break, and when the console is closed.
pub(crate) fn on_stop(event_loop: &LoopHandle, stop: impl FnMut() + 'static) -> io::Result<()> {
    let stop = Rc::new(RefCell::new(stop));
    for kind in KINDS {
        let stop = Rc::clone(&stop);
        event_loop.add_signal_handler(*kind, move || (stop.borrow_mut())())?;
    }
    Ok(())
}
